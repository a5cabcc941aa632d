// Passkeys: allauth's own scripts ask the browser for one. This shows the button where the browser has passkeys, and says
// in words what allauth writes only to the console: that none was given.

const show = (selector) => {
  for (const part of document.querySelectorAll(selector)) part.hidden = false;
};

show(window.PublicKeyCredential ? "[data-needs-passkeys]" : "[data-passkey-unknown]");
document.addEventListener("allauth.error", (event) => {
  event.preventDefault(); // else an error in the console
  show("[data-passkey-failed]");
});
