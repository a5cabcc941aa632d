// The log form without a change of page: opens as a sheet from below, shows the emissions of an amount while it is
// typed, keeps a draft on the phone, and sends itself when the network is back. The form works as a page without this
// file, and the server computes everything again.
// Markup: [data-log-form] inside [data-log-body]; optional [data-log-sheet] (dialog) and [data-log-open].

import { clearDraft, keepDraft, markPending, readDraft, restoreDraft } from "./log_draft.js";
import { showEffect, showKind } from "./log_row.js";

const ANSWER_LIMIT_MS = 30000;
const RETRY_MS = 30000;

const sheet = document.querySelector("[data-log-sheet]");
const body = sheet?.querySelector("[data-log-body]") ?? document.querySelector("[data-log-body]");
let isSending = false;

const form = () => body?.querySelector("[data-log-form]");

function say(text, isWarning = false) {
  const status = form()?.querySelector("[data-log-status]");
  if (!status) return;
  status.textContent = text;
  status.classList.toggle("notice--warning", isWarning);
  status.hidden = !text;
}

function refreshRows() {
  for (const row of form()?.querySelectorAll("[data-log-row]") ?? []) {
    showKind(row);
    showEffect(row);
  }
}

// Focus goes to a question, a wrong field or the answer; else to the first amount.
function focusFirst(rowName) {
  const first = body.querySelector("[data-log-focus]")
    ?? body.querySelector(".log-row__question .button, [aria-invalid=true]")
    ?? (rowName && body.querySelector(`#row-${CSS.escape(rowName)} [data-log-amount]`))
    ?? body.querySelector("[data-log-amount]");
  first?.focus();
}

function open(day, rowName) {
  if (day && form()) {
    form().elements.day.value = day;
    form().elements.day.dispatchEvent(new Event("change", { bubbles: true }));
  }
  sheet.showModal();
  focusFirst(rowName);
}

function show(fresh) {
  body.replaceChildren(...fresh.childNodes);
  prepare();
  if (sheet && !sheet.open) sheet.showModal();
  sheet?.scrollTo(0, 0);
  focusFirst();
}

function isFormPage(answer, sent) {
  return new URL(answer.url).pathname === new URL(sent.action).pathname;
}

async function send(sent, submitter) {
  if (isSending) return;
  isSending = true;
  const data = new FormData(sent, submitter);
  keepDraft(sent);
  say(sent.dataset.textSending);
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const answer = await fetch(sent.action, { method: "POST", body: data, signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-log-body]");
    const isSaved = Boolean(page.querySelector("[data-log-saved]"));
    if (isSaved) clearDraft(sent);
    if (isSaved || (fresh && isFormPage(answer, sent))) show(fresh);
    else if (answer.ok && answer.redirected) leave(answer, sent);
    else say(sent.dataset.textFailed, true);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    markPending(sent);
    say(sent.dataset.textOffline, true);
  } finally {
    isSending = false;
  }
}

// Signed out meanwhile: the draft stays and the sign-in leads back to it. Else: what was there before was kept.
function leave(answer, sent) {
  const url = new URL(answer.url);
  const isSignIn = url.searchParams.has("next");
  if (!isSignIn) clearDraft(sent);
  if (isSignIn) url.searchParams.set("next", location.pathname);
  location.assign(url);
}

function sendPending() {
  const waiting = form();
  if (waiting && navigator.onLine && readDraft(waiting)?.isPending) send(waiting);
}

function prepare() {
  const fresh = form();
  if (!fresh) return;
  const restored = restoreDraft(fresh);
  refreshRows();
  if (restored) say(restored.isPending ? fresh.dataset.textOffline : fresh.dataset.textRestored, restored.isPending);
}

function listen() {
  body.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-log-form]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  body.addEventListener("beforeinput", (event) => {
    const isNumber = event.target.matches("[data-log-amount], [data-log-decimal]");
    if (isNumber && event.data && /[^0-9.,\s]/.test(event.data)) event.preventDefault();
  });
  for (const kind of ["input", "change"]) {
    body.addEventListener(kind, (event) => {
      const changed = event.target.closest("[data-log-form]");
      if (!changed) return;
      const row = event.target.closest("[data-log-row]");
      if (row) {
        showKind(row);
        showEffect(row);
      }
      const hours = changed.querySelector("[data-log-hours]");
      if (hours) hours.hidden = changed.elements.day.value !== hours.dataset.day;
      keepDraft(changed);
    });
  }
  body.addEventListener("click", (event) => {
    if (!sheet || !event.target.closest("[data-log-close]")) return;
    event.preventDefault();
    sheet.close();
  });
}

if (body) {
  listen();
  prepare();
  if (sheet) {
    for (const opener of document.querySelectorAll("[data-log-open]")) {
      opener.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || !form()) return;
        event.preventDefault();
        open(opener.dataset.day, opener.dataset.row);
      });
    }
    // After an answer the figures of the page are old: closing the sheet loads the new ones.
    sheet.addEventListener("close", () => {
      if (body.querySelector("[data-log-focus]")) location.reload();
    });
  }
  sendPending();
  window.addEventListener("online", sendPending);
  setInterval(sendPending, RETRY_MS);
}
