// Keeps what is typed into a form on the server, so that a lost connection or a session that ended loses no words.
//
// <form data-draft="address" data-draft-fields="names of the fields to keep">, and somewhere inside it
// <p data-draft-status role="status" data-saving="..." data-saved="..." data-failed="...">: the words to say.
// The address is sent the fields by POST. Any answer but a success counts as not saved; it is tried again.
//
// Where the address answers JSON: `words` is said in place of data-saved, and `sentence` when it refuses, which is not
// tried again before something else is entered. `data-draft-also` names fields that are sent along but are not entries;
// those named in the answer take its values. After the person has signed in again elsewhere, GET gives a fresh `token`.

const WAIT = 800; // milliseconds after the last key
const AGAIN = 5000;
const SMALL = 60_000; // bytes that a browser sends after its page is gone

const drafts = new Map();

const named = (form, names) => {
  const all = new FormData(form);
  const kept = new URLSearchParams();
  for (const name of (names ?? "").split(" ").filter(Boolean)) {
    for (const value of all.getAll(name)) {
      kept.append(name, value);
    }
  }
  return kept;
};

const jsonOf = async (answer) => {
  try {
    return await answer.json();
  } catch {
    return {}; // of an address that says nothing more
  }
};

const isSignIn = (answer) => answer.type === "opaqueredirect";

/** Put a fresh proof against forged requests into the page: "renewed", "ended" (nobody is signed in) or "failed". */
export const renewToken = async (address) => {
  const answer = await fetch(address, { redirect: "manual", cache: "no-store" });
  const { token } = answer.ok ? await jsonOf(answer) : {};
  if (!token) {
    return isSignIn(answer) ? "ended" : "failed";
  }
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
  return "renewed";
};

class Draft {
  #form;
  #status;
  #timer = 0;
  #saved;
  #refused;
  #sending = null;
  #left = false;

  constructor(form) {
    this.#form = form;
    this.#status = form.querySelector("[data-draft-status]");
    this.#saved = this.#entries();
    form.addEventListener("input", () => this.#soon(WAIT));
    form.addEventListener("change", () => this.#soon(WAIT));
    form.addEventListener("submit", () => { this.#left = true; });
    addEventListener("visibilitychange", () => this.#now());
    addEventListener("pagehide", () => this.#now());
    addEventListener("pageshow", () => { this.#left = false; });
    addEventListener("online", () => this.#now());
    addEventListener("beforeunload", (event) => {
      if (!this.#left && this.#isUnsaved()) {
        event.preventDefault();
      }
    });
  }

  /** Save at once what is not saved. Returns whether all of it is. */
  async flush() {
    await this.#sending;
    await this.#now();
    return this.#left || !this.#isUnsaved();
  }

  /** Wait for what is on its way and send nothing more: the form itself is about to be sent. */
  async rest() {
    this.#left = true;
    clearTimeout(this.#timer);
    await this.#sending;
  }

  /** The form was not taken in after all. */
  resume() {
    this.#left = false;
    this.#soon(WAIT);
  }

  /** What was entered. A field that is empty and one that is switched off say the same: nothing. */
  #entries() {
    return [...named(this.#form, this.#form.dataset.draftFields)].filter(([, value]) => value).join("\n");
  }

  #isUnsaved() {
    return this.#form.isConnected && this.#entries() !== this.#saved;
  }

  #soon(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#now(), wait);
  }

  async #now() {
    if (this.#sending || this.#left || !this.#isUnsaved() || this.#entries() === this.#refused) {
      return;
    }
    const entries = this.#entries();
    this.#say("saving");
    this.#sending = this.#send();
    const outcome = await this.#sending;
    this.#sending = null;
    this.#settle(outcome, entries);
    if (!this.#left && this.#isUnsaved()) {
      this.#soon(outcome.said === "saved" ? WAIT : AGAIN);
    }
  }

  #settle({ said, told }, entries) {
    if (said === "saved") {
      this.#saved = entries;
      this.#take(told);
      this.#form.dispatchEvent(new CustomEvent("draft-saved", { bubbles: true, detail: told }));
    }
    this.#refused = said === "refused" ? entries : undefined;
    this.#say(said, told);
  }

  /** How it went: saved, failed, ended (nobody is signed in) or refused; and what the server told. */
  async #send(isSecondTry = false) {
    const address = this.#form.dataset.draft;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const body = named(this.#form, `${this.#form.dataset.draftFields} ${this.#form.dataset.draftAlso ?? ""}`);
    try {
      const answer = await fetch(address, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token },
        redirect: "manual",
        cache: "no-store",
        keepalive: body.toString().length < SMALL,
      });
      if (answer.status === 403 && !isSecondTry) {
        const how = await renewToken(address);
        return how === "renewed" ? await this.#send(true) : { said: how, told: {} };
      }
      const told = await jsonOf(answer);
      if (answer.ok) {
        return { said: "saved", told };
      }
      return { said: isSignIn(answer) ? "ended" : told.sentence ? "refused" : "failed", told };
    } catch {
      return { said: "failed", told: {} }; // the server cannot be reached
    }
  }

  #take(told) {
    for (const name of (this.#form.dataset.draftAlso ?? "").split(" ").filter((one) => one in told)) {
      this.#form.elements[name].value = told[name];
    }
  }

  #say(what, told = {}) {
    if (this.#status) {
      const words = this.#status.dataset;
      words.shown = what;
      this.#status.textContent = (what === "refused" && told.sentence)
        || (what === "saved" && (told.words ?? words.saved))
        || words[what] || (what === "ended" && words.failed) || "";
    }
  }
}

/** The draft of a form; empty for a form that keeps none. */
export const draftOf = (form) => drafts.get(form);

/** Keep the forms that are on the page by now, and forget those that are not any more. */
export const keepAll = () => {
  [...drafts.keys()].filter((form) => !form.isConnected).forEach((form) => drafts.delete(form));
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!drafts.has(form)) {
      drafts.set(form, new Draft(form));
    }
  }
};

const flushAll = async () => (await Promise.all([...drafts.values()].map((draft) => draft.flush()))).every(Boolean);

// Before another image takes the place of this one, and before the page is covered for want of anybody at it.
document.addEventListener("before-image-change", (event) => event.detail?.waitFor?.(flushAll()));
document.addEventListener("before-cover", flushAll);
keepAll();
