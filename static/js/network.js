// HQ's list keeps itself as fresh as its ages: once a minute, while it is visible, the page is loaded again and
// its figures and rows replace the old ones. Filters, focus and scroll stay. ages.js finds the new rows by
// itself. Without an answer the list shows its time, because it is no longer current.
// Markup: [data-list-status][data-text-as-of], [data-age-words], and the places named below.

import { clockText } from "./ages.js";

const REFRESH_MS = 60000;
const ANSWER_LIMIT_MS = 30000;
const PLACES = [".list-page .page-title", ".list-page .cards", ".list-page tbody"];

const status = document.querySelector("[data-list-status]");
let serverNow = document.querySelector("[data-age-words]")?.dataset.serverNow;
let askedAtMs = Date.now();

function replaceList(fresh) {
  const places = PLACES.map((place) => [document.querySelector(place), fresh.querySelector(place)]);
  // Another page under the same address: signed out, or a filter that nothing matches any more.
  if (places.some(([, next]) => !next)) throw new TypeError("the answer is not this list");
  const focused = document.activeElement?.closest("[data-row-link]")?.getAttribute("href");
  for (const [old, next] of places) old.replaceChildren(...next.childNodes);
  if (focused) document.querySelector(`[data-row-link][href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  serverNow = fresh.querySelector("[data-age-words]").dataset.serverNow;
}

function showStatus(isOld) {
  const { timeZone } = document.querySelector("[data-age][data-time-zone]")?.dataset ?? {};
  const text = isOld ? status.dataset.textAsOf.replace("{time}", clockText(new Date(serverNow), timeZone)) : "";
  if (status.textContent !== text) status.textContent = text;
  status.hidden = !isOld;
}

async function refresh() {
  askedAtMs = Date.now();
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const answer = await fetch(location.href, { cache: "no-store", redirect: "error", signal });
    if (!answer.ok) throw new TypeError(`the list answered ${answer.status}`);
    replaceList(new DOMParser().parseFromString(await answer.text(), "text/html"));
    showStatus(false);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    showStatus(true);
  }
}

function refreshWhenDue() {
  if (!document.hidden && Date.now() - askedAtMs >= REFRESH_MS - 500) refresh();
}

if (status && PLACES.every((place) => document.querySelector(place))) {
  setInterval(refreshWhenDue, REFRESH_MS);
  document.addEventListener("visibilitychange", refreshWhenDue);
  window.addEventListener("pageshow", refreshWhenDue);
}
