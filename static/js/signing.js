// Signing a report: by a passkey where the person has one, and once only however often the button is clicked.

const form = document.getElementById("sign-form");
const button = document.getElementById("sign-with-passkey");
const notice = document.getElementById("signing-notice");
let sent = false;

const tell = (what) => {
  notice.hidden = false;
  notice.querySelector("[data-words]").textContent = notice.dataset[what];
};

const challenge = async () => {
  const answer = await fetch(form.dataset.challenge, {
    method: "POST",
    headers: { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
    redirect: "error",
    cache: "no-store",
  });
  if (!answer.ok) {
    throw new Error("no challenge");
  }
  return answer.json();
};

form.addEventListener("submit", (event) => {
  if (sent) {
    event.preventDefault();
  }
  sent = true;
});

addEventListener("pageshow", () => {
  sent = false; // the back button has brought the page back
  form.querySelector("[name=credential]").value = "";
});

if (button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!window.PublicKeyCredential) {
      tell("missing");
      return;
    }
    notice.hidden = true;
    button.disabled = true;
    try {
      const credential = await window.webauthnJSON.get(await challenge());
      form.querySelector("[name=credential]").value = JSON.stringify(credential);
      form.requestSubmit();
    } catch {
      tell("failed");
    } finally {
      button.disabled = false;
    }
  });
}
