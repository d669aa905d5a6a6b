// Passkeys: joins our forms to django-allauth's own script, which talks to the browser's passkeys.

const KINDS = { "sign-in": "loginForm", confirm: "authenticateForm", add: "addForm" };
const NAMES = { "sign-in": "login", confirm: "authenticate", add: "add" };

const tell = (what) => {
  const notice = document.getElementById("passkey-notice");
  if (notice) {
    notice.hidden = false;
    notice.querySelector("[data-words]").textContent = notice.dataset[what];
  }
};

const join = (button) => {
  const kind = button.dataset.passkey;
  const ids = { [NAMES[kind]]: button.id, credential: "passkey-credential" };
  if (document.getElementById("passkey-options")) {
    ids.data = "passkey-options";
  }
  if (document.getElementById("id_passwordless")) {
    ids.passwordless = "id_passwordless";
  }
  window.allauth.webauthn.forms[KINDS[kind]]({ ids });
  button.hidden = false;
};

if (window.PublicKeyCredential) {
  document.querySelectorAll("[data-passkey]").forEach(join);
} else {
  tell("unsupported");
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  tell("failed");
});
