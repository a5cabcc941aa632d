// Loads a part of the page again every two seconds: [data-refresh] names its address. Not while the tab is hidden or a
// button of the part has the focus of a press. Without network [data-refresh-waits] says so, and it goes on by itself;
// a form with [data-retry] is sent as soon as there is one. Without script the page has a link that loads it again.

const EVERY_MS = 2000;
const part = document.querySelector("[data-refresh]");
const waits = document.querySelector("[data-refresh-waits]");
let isSending = false;

const pause = () => new Promise((resolve) => setTimeout(resolve, EVERY_MS));

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

async function refresh() {
  try {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) {
      if (answer.redirected || answer.status < 500) location.reload(); // signed out, or no longer allowed
      return;
    }
    const fresh = parsed(await answer.text());
    const focused = document.activeElement?.value;
    if (!isSending) part.replaceChildren(...fresh.body.childNodes);
    if (focused) part.querySelector(`button[value="${CSS.escape(focused)}"]`)?.focus();
    waits.hidden = true;
  } catch {
    waits.hidden = false;
  }
}

function refuse(text, button) {
  const problems = parsed(text).querySelectorAll(".notice--error");
  if (!problems.length) return location.reload();
  for (const old of document.querySelectorAll(".notice--error")) old.remove();
  part.before(...problems);
  isSending = button.disabled = false;
}

async function send(form, button) {
  if (isSending) return;
  isSending = true;
  button.disabled = true;
  const body = new FormData(form, button);
  body.set(button.name, button.value);
  for (;;) {
    try {
      const answer = await fetch(location.href, { method: "POST", body });
      if (answer.redirected) return location.assign(answer.url);
      if (answer.status < 500) return refuse(await answer.text(), button); // above: busy, so it is sent again
    } catch {
      waits.hidden = false;
    }
    await pause();
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-retry]") || !event.submitter) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

if (part) {
  for (;;) {
    await pause();
    if (!document.hidden && !isSending) await refresh();
  }
}
