// The reading panel of an image's page: reasons that fit, keys, and recording without leaving the page. Everything
// can be done without this by plain forms. The panel is replaced when another image is shown, so all is delegated.
// Neither this nor drafts.js and keys.js may be loaded twice: they are imported, never named by another script element.
import { draftOf, keepAll, renewToken } from "./drafts.js";
import { on } from "./keys.js";

const panel = () => document.getElementById("reading-panel");
const formOf = (target) => (target instanceof Element ? target.closest("form[data-reading]") : null);

/** Only reasons that fit the choice; none where it takes none. */
const fit = (form) => {
  const field = form.querySelector("[data-reason]");
  const select = field.querySelector("select");
  const fitting = (form.querySelector("[name=choice]:checked")?.dataset.reasons ?? "").split(" ").filter(Boolean);
  for (const option of select.options) {
    option.hidden = option.disabled = option.value !== "" && !fitting.includes(option.value);
  }
  if (select.selectedOptions[0]?.disabled) {
    select.value = "";
  }
  field.hidden = fitting.length === 0;
};

const prepare = () => {
  panel().querySelectorAll("[data-without-script]").forEach((part) => part.remove());
  panel().querySelectorAll("form[data-reading]").forEach(fit);
  keepAll();
};

const say = (form, words) => {
  const status = form.querySelector("[data-record-status]");
  status.hidden = !words;
  status.querySelector("[data-words]").textContent = words;
};

const setBusy = (form, isBusy) => {
  form.querySelectorAll("button").forEach((button) => { button.disabled = isBusy; });
  form.dataset.busy = isBusy ? "yes" : "";
};

const send = (form, body) => fetch(form.action, {
  method: "POST",
  body,
  headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  redirect: "manual",
  cache: "no-store",
});

const sendWithFreshToken = async (form, body) => {
  const answer = await send(form, body);
  if (answer.status !== 403 || (await renewToken(form.dataset.draft)) !== "renewed") {
    return answer;
  }
  body.delete("csrfmiddlewaretoken");
  return send(form, body);
};

const replacePanel = (html) => {
  panel().innerHTML = html;
  prepare();
  const wrong = panel().querySelector("[aria-invalid=true], [role=alert]:not([hidden])");
  const place = wrong?.matches("input, select, textarea") ? wrong : wrong?.querySelector("input, a, button") ?? wrong;
  if (place) {
    place.tabIndex = place.matches("input, select, textarea, a, button") ? place.tabIndex : -1;
    place.focus();
  }
};

const fail = (form, words) => {
  say(form, words);
  setBusy(form, false);
  draftOf(form)?.resume();
};

/** To the image that comes next, or to this one again, which may show more now. */
const goOn = (told) => {
  if (document.dispatchEvent(new CustomEvent("reading-recorded", { cancelable: true, detail: told }))) {
    location.assign(told.address); // nobody on this page goes there without loading it
  }
};

const record = async (form, submitter) => {
  const body = new FormData(form, submitter);
  setBusy(form, true);
  say(form, "");
  await draftOf(form)?.rest();
  let answer;
  try {
    answer = await sendWithFreshToken(form, body);
  } catch {
    fail(form, form.dataset.lost);
    return;
  }
  if (answer.type === "opaqueredirect") {
    fail(form, form.dataset.ended);
  } else if (answer.ok) {
    goOn(await answer.json());
  } else if (answer.status === 400) {
    replacePanel(await answer.text());
  } else {
    fail(form, answer.status >= 500 ? form.dataset.lost : form.dataset.refused);
  }
};

document.addEventListener("submit", (event) => {
  const form = formOf(event.target);
  if (!form || event.submitter?.hasAttribute("data-discard")) {
    return;
  }
  event.preventDefault();
  if (!form.dataset.busy) {
    record(form, event.submitter);
  }
});

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (form && event.target.name === "choice") {
    fit(form);
  }
});

// Another tab of this browser learns at once that a draft has changed; it is told which image, never what was entered.
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("reading-drafts") : null;
document.addEventListener("draft-saved", (event) => {
  const form = formOf(event.target);
  if (form) {
    tabs?.postMessage(form.dataset.draft);
    if (event.detail.was_changed_elsewhere) {
      say(form, form.querySelector("[data-draft-status]").dataset.elsewhere);
    }
  }
});
tabs?.addEventListener("message", (event) => {
  const form = panel().querySelector("form[data-reading]");
  if (form?.dataset.draft === event.data) {
    say(form, form.querySelector("[data-draft-status]").dataset.overtaken);
  }
});

const choose = (digit) => {
  const radio = panel().querySelector(`[data-digit="${digit}"]`);
  if (!radio) {
    return false;
  }
  radio.closest("details")?.setAttribute("open", "");
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};

on("choose", (event) => choose(event.key));
document.addEventListener("image-change", prepare);
prepare();
