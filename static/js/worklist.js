// The worklist by keyboard. What is chosen is what has the focus: the link of a row, which Enter follows by itself.

import { on } from "./keys.js";

const links = () => [...document.querySelectorAll("#worklist .row-link")];

const step = (by) => {
  const rows = links();
  if (rows.length === 0) {
    return false;
  }
  const row = document.activeElement?.closest?.("tr[data-case]");
  const at = row ? rows.indexOf(row.querySelector(".row-link")) : -1;
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
  return true;
};

on("next-row", () => step(1));
on("previous-row", () => step(-1));
on("search", () => document.getElementById("id_query").focus());
on("tab", (event) => document.getElementById(`tab-${event.key}`)?.click());
