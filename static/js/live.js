// Says so when a part of the page that keeps itself up to date cannot reach the server, and when it can again.

const notice = document.getElementById("connection");

const show = (lost) => {
  if (notice.hidden === lost) {
    notice.hidden = !lost;
    notice.querySelector("[data-words]").textContent = lost
      ? notice.dataset.lost
      : "";
  }
};

document.body.addEventListener("htmx:sendError", () => show(true));
document.body.addEventListener("htmx:timeout", () => show(true));
document.body.addEventListener("htmx:responseError", () => show(true));
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    show(false);
  }
});

// For those who listen rather than look: said once when it changes, not each time the list is renewed.
document.body.addEventListener("htmx:afterSwap", () => {
  const status = document.getElementById("images-status");
  const words = document.getElementById("images")?.dataset.status;
  if (status && words !== undefined && status.textContent !== words) {
    status.textContent = words;
  }
});
