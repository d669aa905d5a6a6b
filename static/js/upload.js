// Drag and drop, or choose, up to 200 images; each has its own progress bar, outcome and, where it helps, another try.
import { UploadQueue } from "./upload_queue.js";
import { counted, wordsOf } from "./words.js";

const zone = document.getElementById("drop-zone");
const input = document.getElementById("choose-images");
const list = document.getElementById("uploads");
const panel = document.getElementById("uploads-panel");
const summary = document.getElementById("uploads-summary");
const template = document.getElementById("upload-row");
const maxFiles = Number(zone.dataset.maxFiles);
const maxBytes = Number(zone.dataset.maxFileBytes);

const queue = new UploadQueue({
  url: zone.action,
  token: zone.elements.csrfmiddlewaretoken.value,
});
const tally = { chosen: 0, taken: 0, refused: 0, lost: 0 };
let refreshTimer = null;

const words = wordsOf("upload-words");

const say = (sentence) => {
  if (summary.textContent !== sentence) {
    summary.textContent = sentence;
  }
};

const summarise = () => {
  const parts = queue.isBusy
    ? [words("sending", { done: tally.taken + tally.refused + tally.lost, chosen: tally.chosen })]
    : [counted(words, "taken", tally.taken)];
  if (tally.refused) {
    parts.push(counted(words, "refused", tally.refused));
  }
  if (tally.lost) {
    parts.push(counted(words, "missing", tally.lost));
  }
  say(parts.join(" "));
};

// The list of the case's images shows what has arrived; asked for at most once a second while many arrive.
const refreshImages = () => {
  refreshTimer ??= setTimeout(() => {
    refreshTimer = null;
    window.htmx?.trigger("#images", "refresh");
  }, 1000);
};

const linkTo = ({ address, words }) => {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = words;
  link.dir = "auto"; // a name may be written from right to left
  return link;
};

// The doctor should see where else the very same file is: such a row stays.
const point = (row, duplicates) => {
  row.classList.add("is-duplicate");
  row.querySelector("progress").hidden = true;
  row.querySelector(".said").append(`. ${words("elsewhere")} `);
  duplicates.forEach((duplicate, place) => row.querySelector(".said").append(place ? "; " : "", linkTo(duplicate)));
  list.prepend(row);
};

const settle = (row, result, again) => {
  row.classList.remove("is-refused", "is-lost");
  row.querySelector(".said").textContent = result.words;
  row.querySelector("progress").hidden = result.kind !== "taken";
  tally[result.kind] += 1;
  if (result.kind === "taken") {
    row.querySelector("progress").value = 1;
    refreshImages();
    if (result.duplicates.length) {
      point(row, result.duplicates);
    } else {
      setTimeout(() => row.remove(), 2500);
    }
  } else {
    row.classList.add(`is-${result.kind}`);
    list.prepend(row); // what needs attention stands first
  }
  if (result.kind === "lost") {
    const retry = row.querySelector("button");
    retry.hidden = false;
    retry.onclick = () => {
      tally.lost -= 1;
      retry.hidden = true;
      again();
    };
  }
  summarise();
};

const refusalOf = (file) => {
  if (file.size === 0) {
    return words("empty");
  }
  if (file.size > maxBytes) {
    return words("large", { limit: Math.floor(maxBytes / 1024 ** 2) });
  }
  return null;
};

const start = (file) => {
  const row = template.content.firstElementChild.cloneNode(true);
  const bar = row.querySelector("progress");
  row.querySelector(".name").textContent = file.name;
  row.querySelector(".name").title = file.name;
  bar.setAttribute("aria-label", file.name);
  list.append(row);
  const refused = refusalOf(file);
  if (refused) {
    settle(row, { kind: "refused", words: refused }, null);
    return;
  }
  const send = () => {
    row.classList.remove("is-lost");
    row.querySelector(".said").textContent = words("waiting");
    bar.hidden = false;
    bar.value = 0;
    queue.add({
      file,
      progress: (share) => {
        bar.value = share;
        row.querySelector(".said").textContent = words(share < 1 ? "underway" : "checked");
      },
      done: (result) => settle(row, result, send),
      later: (wait) => {
        bar.value = 0;
        row.querySelector(".said").textContent = words("later");
        say(words("full", { wait }));
      },
    });
  };
  send();
};

const take = (files) => {
  if (files.length === 0) {
    return;
  }
  panel.hidden = false;
  if (files.length > maxFiles) {
    say(words("many", { most: maxFiles, chosen: files.length }));
    return;
  }
  if (!queue.isBusy) {
    Object.assign(tally, { chosen: 0, taken: 0, refused: 0, lost: list.querySelectorAll(".is-lost").length });
    list.querySelectorAll(".is-refused, .is-duplicate").forEach((row) => row.remove());
  }
  tally.chosen += files.length;
  files.forEach(start);
  summarise();
};

/** The files of a drop, without folders, which cannot be sent. */
const dropped = (transfer) => {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory === true;
  const files = items.filter((item) => !isFolder(item)).map((item) => item.getAsFile());
  if (items.some(isFolder)) {
    panel.hidden = false;
    say(words("folder"));
  }
  return files.filter((file) => file !== null);
};

zone.querySelector("[data-without-script]").remove();
zone.querySelector("[data-with-script]").hidden = false;
input.classList.add("is-input-of-script");
const takeChosen = () => {
  take([...input.files]);
  input.value = ""; // choosing the same file again is a change again
};
input.addEventListener("change", takeChosen);
takeChosen(); // somebody may have been quicker than this script
zone.addEventListener("submit", (event) => event.preventDefault());

// A drop beside the zone would leave the page and show the file: the whole page takes part.
let depth = 0;
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragenter", (event) => {
  if (carriesFiles(event)) {
    depth += 1;
    zone.classList.add("is-over");
  }
});
document.addEventListener("dragleave", (event) => {
  if (carriesFiles(event)) {
    depth -= 1;
    zone.classList.toggle("is-over", depth > 0);
  }
});
document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) {
    event.preventDefault();
  }
});
document.addEventListener("drop", (event) => {
  if (carriesFiles(event)) {
    event.preventDefault();
    depth = 0;
    zone.classList.remove("is-over");
    take(dropped(event.dataTransfer));
  }
});

window.addEventListener("beforeunload", (event) => {
  if (queue.isBusy) {
    event.preventDefault();
  }
});
