// Blanks the page when the session is over, also when the tab was asleep, and says when the person is at work on it.
// The page asking by itself prolongs nothing; the server decides, this only follows.

const session = document.querySelector("meta[name=session]");
const address = session.dataset.address;
const LONGEST = Number(session.content) * 1000;
const TELL_EVERY = Math.min(60_000, LONGEST / 4); // how often activity is told to the server, at most

let over = Date.now() + LONGEST;
let active = false;
let told = Date.now();
let ended = false;

const main = document.getElementById("content");
const parts = [...document.querySelectorAll("body > *")];
const notice = document.getElementById("session-over");

const blank = (isBlank) => {
  for (const part of parts) {
    if (part !== notice) {
      part.hidden = isBlank ? true : part.dataset.wasHidden === "true";
    }
  }
  notice.hidden = !isBlank;
};

const end = () => {
  ended = true;
  blank(true);
  main.replaceChildren(); // nothing to find for whoever sits down here next
  notice.querySelector("[data-ask]").hidden = true;
  notice.querySelector("[data-over]").hidden = false;
  notice.querySelector("a").focus();
};

const ask = async (method) => {
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  try {
    const answer = await fetch(address, { method, headers, redirect: "error", cache: "no-store" });
    return answer.ok ? (await answer.json()).seconds_left : null;
  } catch {
    return null; // the server cannot be reached
  }
};

const follow = (left) => {
  if (ended || left === null) {
    return;
  }
  if (left <= 0) {
    end();
    return;
  }
  over = Date.now() + left * 1000;
  blank(false);
};

const look = async () => {
  if (ended) {
    return;
  }
  if (Date.now() >= over) {
    document.dispatchEvent(new Event("before-cover")); // the last moment to save what was entered
    blank(true); // at once; another tab may have kept the session alive, which the server knows
    follow(await ask("GET"));
  } else if (active && Date.now() - told >= TELL_EVERY) {
    active = false;
    told = Date.now();
    follow(await ask("POST"));
  }
};

for (const part of parts) {
  part.dataset.wasHidden = String(part.hidden);
}
for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => { active = true; }, { passive: true });
}
for (const kind of ["visibilitychange", "focus", "pageshow"]) {
  addEventListener(kind, look);
}
setInterval(look, Math.min(5000, LONGEST / 10));
