// Sends files to the server, one a request, a few requests at a time, and tells how each one fares.

import { wordsOf } from "./words.js";

const LANES = 3;
const PATIENCE = 10 * 60 * 1000; // milliseconds for one file, on the slowest line worth waiting for

/**
 * How a file came out: `kind` is "taken", "refused" (for good) or "lost" (worth another try), with a sentence, and
 * where the very same file is as well.
 */
const outcome = (kind, words, duplicates = []) => ({ kind, words, duplicates });

const say = wordsOf("upload-words");
const LOST = outcome("lost", say("lost"));
const ENDED = outcome("lost", say("ended"));

/** Whether the answer is not the address's own: whoever is not signed in any more is led to the sign-in. */
const isElsewhere = (request, url) => request.responseURL !== new URL(url, location.href).href;

const read = (request) => {
  if (request.status >= 500) {
    return outcome("lost", say("failed"));
  }
  if (request.status === 403) {
    return outcome("refused", say("outdated"));
  }
  if (request.status === 404) {
    return outcome("refused", say("gone"));
  }
  let answer;
  try {
    answer = JSON.parse(request.responseText);
  } catch {
    return outcome("lost", say("unreadable")); // of some proxy in between
  }
  const image = answer.images?.[0];
  if (!image) {
    return outcome("refused", answer.message ?? say("untaken"));
  }
  if (!image.accepted) {
    return outcome("refused", image.message);
  }
  return outcome("taken", say(image.is_new ? "received" : "known"), image.duplicates);
};

/**
 * For how many milliseconds the server wants no more files, and its words for it: so many of them wait to be analysed.
 * null: it does not say so.
 */
const putOff = (request) => {
  if (request.status !== 503 || !request.getResponseHeader("Retry-After")) {
    return null;
  }
  try {
    const { code, wait } = JSON.parse(request.responseText);
    return code === "queue_full" ? { wait, time: 1000 * Number(request.getResponseHeader("Retry-After")) } : null;
  } catch {
    return null;
  }
};

export class UploadQueue {
  #waiting = [];
  #pause = null;
  #active = 0;
  #url;
  #token;

  /** `url` takes a POST of one file; `token` is the page's proof against forged requests. */
  constructor({ url, token }) {
    this.#url = url;
    this.#token = token;
  }

  /** Whether anything is still to be sent or answered. */
  get isBusy() {
    return this.#active > 0 || this.#waiting.length > 0;
  }

  /**
   * Send `file` when its turn comes. `progress` gets the share sent (0 to 1), `done` the outcome; `later`, when the
   * server wants it later, the words for how long that is: it is kept, and sent again by itself.
   */
  add({ file, progress, done, later }) {
    this.#waiting.push({ file, progress, done, later });
    this.#next();
  }

  #wait(item, { wait, time }) {
    this.#active -= 1;
    this.#waiting.unshift(item);
    item.later(wait);
    this.#pause ??= setTimeout(() => {
      this.#pause = null;
      this.#next();
    }, time);
  }

  #next() {
    while (this.#pause === null && this.#active < LANES && this.#waiting.length > 0) {
      this.#send(this.#waiting.shift());
    }
  }

  #send(item) {
    const { file, progress, done } = item;
    const request = new XMLHttpRequest();
    const finish = (result) => {
      this.#active -= 1;
      this.#next();
      done(result);
    };
    request.open("POST", this.#url);
    request.timeout = PATIENCE;
    request.setRequestHeader("X-CSRFToken", this.#token);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) {
        progress(event.loaded / event.total);
      }
    });
    request.addEventListener("load", () => {
      const off = putOff(request);
      if (off) {
        this.#wait(item, off);
      } else {
        finish(isElsewhere(request, this.#url) ? ENDED : read(request));
      }
    });
    request.addEventListener("error", () => finish(LOST));
    request.addEventListener("timeout", () => finish(LOST));
    const body = new FormData();
    body.append("images", file, file.name);
    this.#active += 1;
    progress(0);
    request.send(body);
  }
}
