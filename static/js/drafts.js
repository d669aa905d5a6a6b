// Keeps what is typed into a form on the server, so that a lost connection or a session that ended loses no words.
//
// <form data-draft="address" data-draft-fields="names of the fields to keep">, and somewhere inside it
// <p data-draft-status role="status" data-saving="..." data-saved="..." data-failed="...">: the words to say.
// The address is sent the fields by POST. Any answer but a success counts as not saved; it is tried again.

const WAIT = 800; // milliseconds after the last key
const AGAIN = 5000;
const SMALL = 60_000; // bytes that a browser sends after its page is gone

class Draft {
  #form;
  #status;
  #timer = 0;
  #saved;
  #busy = false;
  #left = false;

  constructor(form) {
    this.#form = form;
    this.#status = form.querySelector("[data-draft-status]");
    this.#saved = this.#entries().toString();
    form.addEventListener("input", () => this.#soon(WAIT));
    form.addEventListener("change", () => this.#soon(WAIT));
    form.addEventListener("submit", () => { this.#left = true; });
    addEventListener("visibilitychange", () => this.#now());
    addEventListener("pagehide", () => this.#now());
    addEventListener("pageshow", () => { this.#left = false; });
    addEventListener("beforeunload", (event) => {
      if (!this.#left && this.#isUnsaved()) {
        event.preventDefault();
      }
    });
  }

  #entries() {
    const all = new FormData(this.#form);
    const kept = new URLSearchParams();
    for (const name of this.#form.dataset.draftFields.split(" ")) {
      for (const value of all.getAll(name)) {
        kept.append(name, value);
      }
    }
    return kept;
  }

  #isUnsaved() {
    return this.#form.isConnected && this.#entries().toString() !== this.#saved;
  }

  #soon(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#now(), wait);
  }

  async #now() {
    if (this.#busy || this.#left || !this.#isUnsaved()) {
      return;
    }
    this.#busy = true;
    this.#say("saving");
    const entries = this.#entries();
    if (await this.#send(entries)) {
      this.#saved = entries.toString();
      this.#say("saved");
    } else {
      this.#say("failed");
    }
    this.#busy = false;
    if (this.#isUnsaved()) {
      this.#soon(this.#status?.dataset.shown === "failed" ? AGAIN : WAIT);
    }
  }

  async #send(entries) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const body = entries.toString();
    try {
      const answer = await fetch(this.#form.dataset.draft, {
        method: "POST",
        body: entries,
        headers: { "X-CSRFToken": token },
        redirect: "error",
        cache: "no-store",
        keepalive: body.length < SMALL,
      });
      return answer.ok;
    } catch {
      return false; // the server cannot be reached, or the session has ended
    }
  }

  #say(what) {
    if (this.#status) {
      this.#status.dataset.shown = what;
      this.#status.textContent = this.#status.dataset[what] ?? "";
    }
  }
}

document.querySelectorAll("form[data-draft]").forEach((form) => new Draft(form));
