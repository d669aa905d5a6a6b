// The keys of a page. The page's own dialog lists them, in the reader's language, and names what each does:
//
//   <div data-keys="ArrowRight n" data-does="next-image"><dt><kbd>→</kbd> <kbd>N</kbd></dt><dd>Next image</dd></div>
//
// and a module says how: `on("next-image", act)`. `?` opens the dialog; its checkbox switches all other keys off.
// To be imported as "./keys.js" and never loaded by a script element, or there would be two lists of acts.

const KEPT_AS = "keys";
const acts = new Map();
const dialog = document.getElementById("keys");
const allowed = dialog?.querySelector("[data-allowed]");

/** Let `act` do what the dialog calls `name`. It gets the event, and returns `false` when the key was not for it. */
export const on = (name, act) => acts.set(name, act);

const remembered = () => {
  try {
    return localStorage.getItem(KEPT_AS) !== "off";
  } catch {
    return true; // storage may be forbidden; then the choice lasts as long as the page
  }
};

const remember = (isOn) => {
  try {
    localStorage.setItem(KEPT_AS, isOn ? "on" : "off");
  } catch {
    // see above
  }
};

/** Whether the key belongs to what has the focus: what is typed into, chosen in, or pressed. */
const isTaken = (event) => {
  const target = event.target;
  if (!(target instanceof Element)) {
    return false;
  }
  if (target.matches("textarea, select, [contenteditable]:not([contenteditable=false])")) {
    return true;
  }
  if (target.matches("input")) {
    return !["checkbox", "radio", "range", "button", "submit"].includes(target.type) || event.key.startsWith("Arrow");
  }
  return ["Enter", " "].includes(event.key) && target.closest("a, button, summary") !== null;
};

const show = () => {
  if (!dialog.open) {
    dialog.showModal();
  }
};

/** Show the buttons in `root` that open the dialog; without this script they would do nothing. */
export const reveal = (root) => {
  for (const button of root.querySelectorAll("[data-open-keys]")) {
    button.hidden = false;
  }
};

const nameOf = (key) => {
  const plain = key.length === 1 ? key.toLowerCase() : key;
  const rows = [...dialog.querySelectorAll("[data-keys]")];
  return rows.find((row) => row.dataset.keys.split(" ").includes(plain))?.dataset.does;
};

const press = (event) => {
  const isBusy = event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey;
  if (isBusy || isTaken(event) || document.querySelector("dialog[open]")) {
    return;
  }
  if (event.key === "?") {
    event.preventDefault();
    show();
    return;
  }
  const act = allowed.checked ? acts.get(nameOf(event.key)) : undefined;
  if (act && act(event) !== false) {
    event.preventDefault();
  }
};

if (dialog) {
  allowed.checked = remembered();
  allowed.addEventListener("change", () => remember(allowed.checked));
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => event.target.closest("[data-open-keys]") && show());
  reveal(document);
}
