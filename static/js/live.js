// Live readings of a page's chimneys: one stream a tab, opened after the first paint, closed while hidden, resumed
// where it stopped; on a weak network one poll a minute instead. The page is complete without it.
// Markup: [data-live-device] with data-stream-url and data-poll-url; inside it [data-live=field][data-digits], a
// [data-age], [data-live-state] and [data-live-quality]; once a page [data-live-status] and [data-live-words].

import { refreshAge } from "./ages.js";

const BACK_OFF_FIRST_MS = 1000;
const BACK_OFF_MOST_MS = 60000;
const POLL_MS = 60000;
// The server sends something every 20 s; after three silent periods the connection only looks open.
const HEARTBEAT_LIMIT_MS = 60000;
const DROPS_THAT_MEAN_SLOW = 2;
const DROPS_WITHIN_MS = 60000;
const STREAM_RETRY_AFTER_POLLS = 10;

const words = document.querySelector("[data-live-words]");
const status = document.querySelector("[data-live-status]");

function formatNumber(value, digits) {
  if (value === 0) return "0";
  const rules = digits.split(",").map((rule) => rule.split(":").map(Number));
  const [, decimals] = rules.find(([from]) => Math.abs(value) >= from);
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const text = new Intl.NumberFormat("en-US", options).format(value);
  return /[1-9]/.test(text) ? text : text.replace("-", "");
}

function showValue(element, value) {
  const isMissing = value === null || !Number.isFinite(value);
  const text = isMissing ? words.dataset.textMissing : formatNumber(value, element.dataset.digits);
  if (element.textContent !== text) element.textContent = text;
  element.parentElement.classList.toggle("is-missing", isMissing);
}

function showQuality(list, flags) {
  const key = flags.join(" ");
  if (list.dataset.flags === key) return;
  list.dataset.flags = key;
  // A flag without a sentence is for the auditor, not the manager.
  const sentences = flags.map((flag) => words.querySelector(`[data-flag="${CSS.escape(flag)}"]`));
  const items = sentences.filter(Boolean).map((sentence) => {
    const item = document.createElement("li");
    item.append(...sentence.cloneNode(true).childNodes);
    return item;
  });
  list.replaceChildren(...items);
}

function showReading(row) {
  const moment = Date.parse(row.timestamp ?? "");
  for (const box of document.querySelectorAll(`[data-live-device="${CSS.escape(String(row.device))}"]`)) {
    const age = box.querySelector("[data-age]");
    // Late readings fill gaps in the past; they are not the newest.
    if (Number.isNaN(moment) || (age?.dateTime && moment < Date.parse(age.dateTime))) continue;
    const values = { ...row };
    if ("co2_kg_per_s" in row) values.co2_kg_per_h = row.co2_kg_per_s === null ? null : row.co2_kg_per_s * 3600;
    for (const element of box.querySelectorAll("[data-live]")) {
      if (element.dataset.live in values) showValue(element, values[element.dataset.live]);
    }
    const quality = box.querySelector("[data-live-quality]");
    if (quality && Array.isArray(row.quality)) showQuality(quality, row.quality);
    if (age) {
      age.dateTime = row.timestamp;
      refreshAge(age);
    }
  }
}

// The state beside the name follows the age of the newest reading, so that the two always agree.
function showState(box, isSilent) {
  const place = box.querySelector("[data-live-state]");
  const template = words.querySelector(isSilent ? "[data-state-silent]" : "[data-state-online]");
  place?.replaceChildren(template.content.cloneNode(true));
  for (const notice of box.querySelectorAll("[data-until-reading]")) notice.hidden = !isSilent;
  if (box.classList.contains("plate--act")) return;
  box.classList.remove("plate--unknown");
  box.classList.toggle("plate--look", isSilent);
  box.classList.toggle("plate--fine", !isSilent);
}

function say(name) {
  if (!status) return;
  const text = name ? status.dataset[name] : "";
  if (status.textContent !== text) status.textContent = text;
  status.hidden = !text;
}

class Feed {
  constructor(streamUrl) {
    Object.assign(this, { streamUrl, pollUrls: new Set(), source: null, timer: null, silence: null });
    Object.assign(this, { lastId: "", beats: false, drops: [], backOffMs: 0, polls: 0 });
    // Of the newest stream; null while none was tried.
    Object.assign(this, { hasOpened: null, isOffline: false, turn: 0 });
  }

  start() {
    const { saveData, effectiveType } = navigator.connection ?? {};
    if (saveData || /2g/.test(effectiveType ?? "")) this.poll();
    else this.openStream();
  }

  stop() {
    // Ignore an answer to an earlier request.
    this.turn += 1;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  openStream() {
    this.stop();
    const url = new URL(this.streamUrl, location.href);
    if (this.lastId) url.searchParams.set("last_event_id", this.lastId);
    this.hasOpened = false;
    this.source = new EventSource(url);
    this.source.addEventListener("open", () => {
      this.hasOpened = true;
      this.heard();
    });
    this.source.addEventListener("heartbeat", () => {
      this.beats = true;
      this.heard();
    });
    this.source.addEventListener("reading", (event) => {
      this.lastId = event.lastEventId || this.lastId;
      this.heard();
      showReading(JSON.parse(event.data));
    });
    this.source.addEventListener("error", () => this.dropped());
  }

  heard() {
    this.backOffMs = 0;
    this.isOffline = false;
    say(null);
    clearTimeout(this.silence);
    // Only a heartbeat event distinguishes a lost server from a chimney without new readings.
    if (this.beats) this.silence = setTimeout(() => this.dropped(), HEARTBEAT_LIMIT_MS);
  }

  dropped() {
    // Our own retry, because the browser's does not back off: all clients would return at once.
    this.stop();
    if (!this.hasOpened) {
      // No server, or only no stream: a poll shows which.
      this.poll();
      return;
    }
    const now = Date.now();
    this.drops = [...this.drops.filter((then) => now - then < DROPS_WITHIN_MS), now];
    if (this.drops.length >= DROPS_THAT_MEAN_SLOW) {
      this.drops = [];
      this.poll();
      return;
    }
    this.retryLater();
  }

  retryLater() {
    this.backOffMs = Math.min(BACK_OFF_MOST_MS, Math.max(BACK_OFF_FIRST_MS, this.backOffMs * 2));
    this.timer = setTimeout(() => this.start(), this.backOffMs * (0.5 + Math.random() / 2));
  }

  async poll() {
    this.stop();
    const { turn } = this;
    try {
      for (const url of this.pollUrls) {
        const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok) throw new TypeError(`${url} answered ${answer.status}`);
        const { results } = await answer.json();
        if (turn !== this.turn) return;
        results.forEach(showReading);
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      if (turn !== this.turn) return;
      this.isOffline = true;
      say("textOffline");
      this.retryLater();
      return;
    }
    const wasOffline = this.isOffline;
    this.isOffline = false;
    if (wasOffline) {
      this.start();
      return;
    }
    if (this.hasOpened === false) {
      say(this.backOffMs === BACK_OFF_MOST_MS ? "textSlow" : null);
      this.retryLater();
      return;
    }
    say("textSlow");
    this.backOffMs = 0;
    this.polls += 1;
    const isTimeToTryAgain = this.polls % STREAM_RETRY_AFTER_POLLS === 0;
    const wait = POLL_MS * (0.9 + Math.random() / 5);
    this.timer = setTimeout(() => (isTimeToTryAgain ? this.start() : this.poll()), wait);
  }
}

function watch() {
  const feeds = new Map();
  for (const { dataset } of document.querySelectorAll("[data-live-device][data-stream-url]")) {
    if (!feeds.has(dataset.streamUrl)) feeds.set(dataset.streamUrl, new Feed(dataset.streamUrl));
    feeds.get(dataset.streamUrl).pollUrls.add(dataset.pollUrl);
  }
  document.addEventListener("agestate", (event) => {
    const box = event.target.closest("[data-live-device]");
    if (box && event.detail !== "late") showState(box, event.detail === "silent");
  });
  const follow = () => feeds.forEach((feed) => (document.hidden ? feed.stop() : feed.start()));
  document.addEventListener("visibilitychange", follow);
  window.addEventListener("pagehide", () => feeds.forEach((feed) => feed.stop()));
  window.addEventListener("pageshow", (event) => event.persisted && follow());
  window.addEventListener("online", follow);
  follow();
}

// After the first paint: a stream must not compete with fonts and style sheets on a slow network.
if (words) requestAnimationFrame(() => setTimeout(watch, 0));
