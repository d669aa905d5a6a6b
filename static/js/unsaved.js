// Asks before a page is left on which something was entered and not sent: forms marked with data-guard.
// `data-guard="entered"` is a form that the server gave back with what was entered.

const said = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));

const guard = (form) => {
  const before = said(form);
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
  });
  addEventListener("pageshow", () => {
    isSent = false; // back again
  });
  addEventListener("beforeunload", (event) => {
    if (!isSent && (form.dataset.guard === "entered" || said(form) !== before)) {
      event.preventDefault();
    }
  });
};

document.querySelectorAll("form[data-guard]").forEach(guard);
