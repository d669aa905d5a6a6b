// Tells, on whichever page the doctor is, that the images they sent are analysed: in a notice that is read out, and as
// a number in the page's title. What to watch is remembered while the tab is open, by ids alone.

const KEPT_AS = "batches";
const EVERY = 15_000;
const place = document.getElementById("batches");
const title = document.title;
let told = 0;

const remembered = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "[]");
  } catch {
    return []; // storage may be forbidden; then what ends between two pages is not told
  }
};

const remember = (ids) => {
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(ids));
  } catch {
    // see above
  }
};

/** What was to be watched, and what the page itself shows as waiting. */
const watched = () => {
  const shown = [...document.querySelectorAll("#worklist tr[data-waiting]")].map((row) => row.dataset.case);
  return [...new Set([...remembered(), ...shown])].slice(0, 50);
};

const tell = (notice) => {
  if (location.pathname.includes(notice.dataset.case)) {
    return; // the page is the case's own and says so itself
  }
  place.append(notice);
  told += 1;
  document.title = `(${told}) ${document.title.replace(/^\(\d+\) /, "")}`;
};

let isAsking = false;

const ask = async () => {
  if (isAsking) {
    return;
  }
  isAsking = true;
  const ids = watched();
  remember(ids);
  try {
    const query = new URLSearchParams(ids.map((id) => ["case", id]));
    const answer = await fetch(`${place.dataset.address}?${query}`, { redirect: "error", cache: "no-store" });
    if (answer.status === 200) {
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-waiting]");
      remember(parsed.dataset.waiting.split(" ").filter(Boolean));
      [...parsed.querySelectorAll("[data-case]")].forEach(tell);
    }
  } catch {
    // the server cannot be reached, or the session is over: other parts of the page say so
  }
  isAsking = false;
};

place.addEventListener("click", (event) => {
  const notice = event.target.closest("[data-close]")?.closest("[data-case]");
  if (notice) {
    notice.remove();
    told = Math.max(0, told - 1);
    document.title = told ? `(${told}) ${title}` : document.title.replace(/^\(\d+\) /, "");
    document.getElementById("content").focus();
  }
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (["worklist", "images"].includes(event.detail.target.id)) {
    ask(); // something has just changed
  }
});
ask();
setInterval(ask, EVERY);
