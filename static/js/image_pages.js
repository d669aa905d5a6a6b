// From image to image of a case without loading the page again: its parts that depend on the image are fetched, ahead
// where possible, and take each other's place. Whatever goes wrong, the link itself is followed.
//
// Other modules of the page may listen to two events of the document:
//   before-image-change  cancelable; `detail.waitFor(promise)` holds it up, and a promise of `false` cancels it as well
//   image-change         the parts of another image are in place
import { on, reveal } from "./keys.js";
import { markCurrent, markRead } from "./strip.js";
import { prepare, show } from "./viewer.js";

const FRESH = 60_000; // milliseconds for which parts fetched ahead are true enough

const page = document.getElementById("image-page");
const status = document.getElementById("image-status");
const ahead = new Map();
let current = location.pathname;
let turn = 0;

const fetchParts = async (href) => {
  const answer = await fetch(`${href}parts/`, { redirect: "error", cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`answered ${answer.status}`);
  }
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  prepare(template.content);
  return template.content;
};

const partsOf = (href) => {
  const found = ahead.get(href);
  ahead.delete(href); // used once: somebody may change it
  return found && Date.now() - found.since < FRESH ? found.parts : fetchParts(href);
};

const fetchAhead = (href) => {
  const parts = fetchParts(href);
  parts.catch(() => ahead.delete(href));
  ahead.set(href, { parts, since: Date.now() });
};

const neighbour = (rel) => page.querySelector(`a[rel=${rel}]`)?.pathname;

/** What the doctor is likely to want next. */
const lookAhead = () => {
  const wanted = [neighbour("next"), neighbour("prev")].filter(Boolean);
  for (const href of [...ahead.keys()].filter((known) => !wanted.includes(known))) {
    ahead.delete(href);
  }
  wanted.filter((href) => !ahead.has(href)).forEach(fetchAhead);
};

const mayLeave = async () => {
  const waits = [];
  const detail = { waitFor: (promise) => waits.push(promise) };
  const isFree = document.dispatchEvent(new CustomEvent("before-image-change", { cancelable: true, detail }));
  return isFree && (await Promise.all(waits)).every((answer) => answer !== false);
};

/** Where the focus goes when what had it is replaced: to the same thing of the other image. */
const nameOfFocus = () => {
  const focused = document.activeElement;
  const part = focused?.closest("[data-part]");
  return part && { rel: focused.rel, part: part.dataset.part };
};

const giveFocus = (name) => {
  if (name) {
    const same = name.rel ? page.querySelector(`a[rel=${name.rel}]`) : null;
    (same ?? page.querySelector("[data-place]")).focus({ preventScroll: true });
  }
};

const putIn = (parts) => {
  const focus = nameOfFocus();
  reveal(parts);
  for (const part of [...parts.querySelectorAll("[data-part]")]) {
    const old = page.querySelector(`[data-part="${part.dataset.part}"]`);
    old.replaceWith(part);
    window.htmx?.process(part);
  }
  giveFocus(focus);
};

const tellOpened = async (href) => {
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  const answer = await fetch(`${href}opened/`, { method: "POST", headers, redirect: "error", keepalive: true });
  if (!answer.ok) {
    throw new Error(`answered ${answer.status}`); // the session has ended, or the image is theirs no more
  }
};

const announce = () => {
  const head = page.querySelector("[data-title]");
  document.title = head.dataset.title;
  status.textContent = head.dataset.status;
};

/** Show the image at `href`. `isBack`: the address is that of the image already, because the person went back. */
const go = async (href, { isBack = false } = {}) => {
  turn += 1;
  const mine = turn;
  if (!(await mayLeave())) {
    if (isBack) {
      history.pushState(null, "", current);
    }
    return;
  }
  try {
    const parts = await partsOf(href);
    if (mine !== turn) {
      return; // the person has gone on meanwhile
    }
    if (!isBack && href !== current) {
      history.pushState(null, "", href);
    }
    current = href;
    putIn(parts);
    announce();
    markCurrent(href);
    await Promise.all([show(), tellOpened(href)]);
    document.dispatchEvent(new CustomEvent("image-change"));
    lookAhead();
  } catch {
    location.assign(href);
  }
};

const goTo = (rel) => {
  const href = neighbour(rel);
  if (href) {
    go(href);
  }
  return Boolean(href);
};

page.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-image-link]");
  if (link && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
    event.preventDefault();
    go(link.pathname);
  }
});
addEventListener("popstate", () => {
  if (location.pathname !== current) {
    go(location.pathname, { isBack: true });
  }
});
// What was sent may have changed what the other images' parts say.
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.verb !== "get") {
    ahead.clear();
  }
});
// A reading is recorded: this image may show more now, and so may the others.
document.addEventListener("reading-recorded", (event) => {
  markRead(current);
  ahead.clear();
  if (event.detail.is_image) {
    event.preventDefault();
    go(event.detail.address).then(() => { status.textContent = `${event.detail.words} ${status.textContent}`; });
  }
});
on("next-image", () => goTo("next"));
on("previous-image", () => goTo("prev"));
lookAhead();
