// Every figure has an age, counted here once a second. After three intervals a figure becomes lighter, after five
// minutes it becomes dashed with the time of its last reading. The same rules as units.age_of.
// Markup: [data-age][datetime][data-interval-s], its figure's box [data-age-scope], the words on [data-age-words].
// A change of state sends the event "agestate" with the state as its detail.

const SILENT_AFTER_S = 300;
const LATE_AFTER_INTERVALS = 3;
const TICK_MS = 1000;
// A smaller difference between the phone's clock and the server's is only network delay.
const CLOCK_DIFFERENCE_THAT_COUNTS_MS = 5000;

const words = document.querySelector("[data-age-words]");

function clockDifferenceMs() {
  const serverNow = Date.parse(words?.dataset.serverNow ?? "");
  const [navigation] = performance.getEntriesByType("navigation");
  // A page from the browser's history may have an old server time.
  if (Number.isNaN(serverNow) || navigation?.type === "back_forward") return 0;
  const difference = serverNow - (performance.timeOrigin + (navigation?.responseStart ?? 0));
  return Math.abs(difference) < CLOCK_DIFFERENCE_THAT_COUNTS_MS ? 0 : difference;
}

const differenceMs = clockDifferenceMs();

export function clockText(moment, timeZone) {
  const language = document.documentElement.lang;
  const zone = timeZone ? { timeZone } : {};
  const day = (date) => new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...zone }).format(date);
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone });
  const isToday = day(moment) === day(new Date(Date.now() + differenceMs));
  return isToday ? time.format(moment) : `${day(moment)} ${time.format(moment)}`;
}

function elapsedText(elapsedS) {
  if (elapsedS < 100) return words.dataset.textSeconds.replace("{n}", Math.floor(elapsedS));
  if (elapsedS < 100 * 60) return words.dataset.textMinutes.replace("{n}", Math.floor(elapsedS / 60));
  if (elapsedS < 48 * 3600) return words.dataset.textHours.replace("{n}", Math.floor(elapsedS / 3600));
  return words.dataset.textDays.replace("{n}", Math.floor(elapsedS / 86400));
}

function setState(element, state) {
  if (element.dataset.age === state) return;
  const scope = element.closest("[data-age-scope]");
  for (const [target, block] of [[element, "age"], [scope, "live"]]) {
    target?.classList.replace(`${block}--${element.dataset.age}`, `${block}--${state}`);
  }
  element.dataset.age = state;
  element.dispatchEvent(new CustomEvent("agestate", { bubbles: true, detail: state }));
}

export function refreshAge(element) {
  const moment = Date.parse(element.dateTime);
  if (Number.isNaN(moment)) return;
  const intervalS = Number(element.dataset.intervalS);
  const elapsedS = Math.max(0, (Date.now() + differenceMs - moment) / 1000);
  const isSilent = elapsedS >= Math.max(SILENT_AFTER_S, LATE_AFTER_INTERVALS * intervalS);
  const isLate = elapsedS >= LATE_AFTER_INTERVALS * intervalS;
  setState(element, isSilent ? "silent" : isLate ? "late" : "live");
  const text = isSilent
    ? words.dataset.textSince.replace("{time}", clockText(new Date(moment), element.dataset.timeZone))
    : elapsedText(elapsedS);
  if (element.textContent !== text) element.textContent = text;
}

function refreshAll() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-age]")) refreshAge(element);
}

if (words) {
  refreshAll();
  setInterval(refreshAll, TICK_MS);
  document.addEventListener("visibilitychange", refreshAll);
}
