import { all, byId, fresh, one, parse, plural, say } from "./dom.js";
import { post } from "./post.js";

// The log of an open session. It is anchored to the bottom by CSS (column-reverse), so its scrollTop is 0 there and
// negative above.

const log = byId("log");
const list = byId("messages");
const toLatest = byId("to-latest");
const conv = byId("main");
const base = `/chat/${encodeURIComponent(conv.dataset.conversation)}`;
let unseen = 0;

const atBottom = () => log.scrollTop > -60;
const active = () => !document.hidden && document.hasFocus();

// put inserts an item of the log, or replaces the one with its id. A message of one's own that was on its way gives its
// place to the confirmed one.
export function put(html) {
  const item = parse(html).querySelector("li[id]");
  if (!item) return;
  const old = byId(item.id);
  const waiting = item.dataset.txn && one(`[data-txn="${CSS.escape(item.dataset.txn)}"]`, list);
  if (old) {
    decorate(item);
    const focused = old.contains(document.activeElement);
    if (waiting && waiting !== old) waiting.remove();
    old.replaceWith(item);
    if (focused) item.focus();
    return;
  }
  if (waiting) {
    decorate(item);
    waiting.replaceWith(item);
    return;
  }
  open();
  decorate(item);
  const firstWaiting = one(".msg--waiting", list);
  if (firstWaiting) firstWaiting.before(item);
  else list.append(item);
  if (item.classList.contains("msg") && !item.classList.contains("msg--mine")) arrived(item);
}

// open shows the log in place of the past sessions: a first message starts a session.
export function open() {
  if (!log.hidden) return;
  log.hidden = false;
  byId("past").hidden = true;
  byId("past").replaceChildren();
}

function arrived(item) {
  seen.observe(item);
  if (active() && atBottom()) {
    announce(item);
    return;
  }
  if (unseen === 0) {
    byId("new")?.remove();
    item.before(fresh("t-new"));
  }
  unseen++;
  if (!atBottom()) showLatest();
  if (active()) announce(item);
}

function announce(item) {
  const text = one(".text", item);
  if (text) say(`${item.dataset.from}: ${text.textContent}`, "message");
}

function showLatest() {
  toLatest.textContent = `${unseen} new, go to latest`;
  toLatest.hidden = unseen === 0;
}

export function goToLatest() {
  log.scrollTop = 0;
  unseen = 0;
  showLatest();
}

toLatest.addEventListener("click", (e) => {
  e.preventDefault();
  goToLatest();
  byId("m")?.focus();
});
log.addEventListener("scroll", () => {
  if (atBottom()) {
    unseen = 0;
    showLatest();
  }
});

// Reading means that the message was in view in an active window for a second. The latest one read is told to the server.
let read = "";
const timers = new Map();
const seen = new IntersectionObserver(
  (entries) => {
    for (const e of entries) {
      clearTimeout(timers.get(e.target));
      if (e.isIntersecting) timers.set(e.target, setTimeout(() => wasRead(e.target), 1000));
    }
  },
  { root: log, threshold: 0.5 },
);

function wasRead(item) {
  if (!active() || !item.isConnected) return;
  seen.unobserve(item);
  const last = read && byId(`m-${read}`);
  if (last && last.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_PRECEDING) return;
  read = item.dataset.id;
  clearTimeout(timers.get("send"));
  timers.set("send", setTimeout(() => post(`${base}/read`, [["event", read]]), 300));
}

const others = () => all(".msg[data-id]:not(.msg--mine)", list);
// Messages that were in view before the window was active count from when it is.
addEventListener("focus", () => others().slice(-40).forEach((m) => (seen.unobserve(m), seen.observe(m))));
others().slice(-40).forEach((m) => seen.observe(m));

// decorate makes names of members and addresses stand out in a message's text. The words stay as they were sent.
export function decorate(item) {
  const text = one(".text", item);
  if (!text || text.firstElementChild) return;
  const names = all("#panel [data-person]").map((li) => li.dataset.person);
  const found = new RegExp(["https?://[^\\s<>\"]+[^\\s<>\".,;:!?')\\]]", ...names.map((n) => "@" + n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))].join("|"), "g");
  const words = text.textContent;
  const parts = [];
  let at = 0;
  for (const hit of words.matchAll(found)) {
    parts.push(words.slice(at, hit.index));
    at = hit.index + hit[0].length;
    const el = document.createElement(hit[0][0] === "@" ? "span" : "a");
    el.textContent = hit[0];
    if (el.localName === "a") Object.assign(el, { href: hit[0], rel: "noopener noreferrer", target: "_blank" });
    else el.className = hit[0] === `@${conv.dataset.me}` ? "mention mention--me" : "mention";
    parts.push(el);
  }
  if (parts.length) text.replaceChildren(...parts, words.slice(at));
}
messages().forEach(decorate);

// forget takes every message out of the document. Nothing of them is kept anywhere else.
export function forget() {
  seen.disconnect();
  timers.forEach(clearTimeout);
  timers.clear();
  unseen = 0;
  showLatest();
  list.replaceChildren();
  byId("say-message").textContent = "";
}

export function messages() {
  return all(".msg[data-id]", list);
}

export const lastMine = () => all(".msg--mine[data-edit]", list).at(-1);

export { base, conv, list, log, plural };
