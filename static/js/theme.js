// Light or dark, as the person last chose. Loaded before the page is drawn, so that it does not flash; no module can be.
"use strict";

(() => {
  const root = document.documentElement;

  const remembered = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage may be forbidden; then the choice lasts as long as the page
    }
  };

  const isDark = () =>
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  const choose = (theme) => {
    root.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // see above
    }
  };

  const chosen = remembered();
  if (chosen === "light" || chosen === "dark") {
    root.dataset.theme = chosen;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) {
      return;
    }
    const tell = () => button.setAttribute("aria-pressed", String(isDark()));
    button.hidden = false;
    tell();
    button.addEventListener("click", () => {
      choose(isDark() ? "light" : "dark");
      tell();
    });
  });
})();
