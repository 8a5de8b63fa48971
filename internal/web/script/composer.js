import { all, byId, fresh, one, parse, say } from "./dom.js";
import { fields, post } from "./post.js";
import { base, conv, goToLatest, lastMine, list, open, put } from "./log.js";

// The message box. What is typed lives in the page only.

const box = byId("composer");
const text = () => byId("m");
const form = () => byId("send");
const waiting = new Map(); // txn -> { item, sent: fields }
let busy = Promise.resolve(); // messages go one after the other, so that they keep their order
let typed = 0;

export const hasUnsent = () => waiting.size > 0 || (text()?.value.trim() ?? "") !== "";
export const focusBox = () => text()?.focus();

box.addEventListener("submit", (e) => {
  e.preventDefault();
  send();
});

box.addEventListener("input", () => {
  const now = Date.now();
  if (text().value === "") {
    if (typed) post(`${base}/typing`, [["on", "0"]]);
    typed = 0;
  } else if (now - typed > 4000) {
    typed = now;
    post(`${base}/typing`, [["on", "1"]]);
  }
});

box.addEventListener("keydown", (e) => {
  if (e.target.id !== "m" || e.isComposing) return;
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.shiftKey) {
    e.preventDefault();
    send(true);
  } else if (e.key === "Enter" && !e.shiftKey && !e.altKey && !matchMedia("(pointer: coarse)").matches) {
    e.preventDefault();
    send();
  } else if (e.key === "ArrowUp" && text().value === "" && !e.altKey && !e.shiftKey) {
    const mine = lastMine();
    if (mine) {
      e.preventDefault();
      edit(mine);
    }
  }
});

// send shows the message at once and gives it to the server. An empty message does nothing.
export function send(forTheRecord = false) {
  const value = text().value;
  if (value.trim() === "") return;
  const sent = fields(form());
  if (forTheRecord && !sent.some(([name]) => name === "record")) sent.push(["record", "on"]);
  const edited = sent.some(([name]) => name === "edit");
  typed = 0;
  clear();
  if (edited) return sendEdit(sent, value);
  const txn = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  sent.push(["txn", txn]);
  open();
  byId("new")?.remove();
  const item = fresh("t-waiting");
  item.dataset.txn = txn;
  one(".text", item).textContent = value;
  list.append(item);
  goToLatest();
  waiting.set(txn, { item, sent });
  deliver(txn);
}

function deliver(txn) {
  busy = busy.then(async () => {
    const message = waiting.get(txn);
    if (!message) return;
    const answer = await post(`${base}/messages`, message.sent);
    if (answer.ok) {
      waiting.delete(txn);
      if (answer.html) put(answer.html);
      if (message.item.isConnected && answer.html) message.item.remove();
      return;
    }
    if (answer.status === 0 && !navigator.onLine) return; // goes when the device is online again
    failed(message.item, answer.words);
  });
}

function failed(item, words) {
  one(".waiting", item).hidden = true;
  const said = one(".failed", item);
  said.hidden = false;
  if (words) {
    said.querySelector(".why")?.remove();
    const why = document.createElement("span");
    why.className = "why";
    why.textContent = words;
    said.append(why);
  }
  say("Not sent. Try again", "now");
}

list.addEventListener("click", (e) => {
  const again = e.target.closest("[data-again]");
  if (!again) return;
  const item = again.closest("li");
  one(".waiting", item).hidden = false;
  one(".failed", item).hidden = true;
  deliver(item.dataset.txn);
  focusBox();
});
addEventListener("online", () => waiting.forEach((_, txn) => deliver(txn)));

async function sendEdit(sent, value) {
  const answer = await post(`${base}/messages`, sent);
  if (answer.ok) {
    if (answer.html) put(answer.html);
    return;
  }
  const id = sent.find(([name]) => name === "edit")[1];
  aside("edit", answer.words || "Not sent. Try again", "", id);
  text().value = value;
  say(answer.words || "Not sent. Try again", "now");
}

// reply and edit put a line above the box that says what it is for now.
export function reply(item) {
  const quoted = one(".text", item)?.textContent ?? "";
  aside("reply_to", `Reply to ${item.dataset.from}`, quoted.slice(0, 120), item.dataset.id);
  focusBox();
}

export function edit(item) {
  if (!("edit" in item.dataset)) return say("This message cannot be edited");
  aside("edit", "Edit your message", "", item.dataset.id);
  text().value = one(".text", item).textContent;
  focusBox();
}

function aside(name, lead, quoted, id) {
  clearAside();
  const el = fresh("t-aside");
  one("b", el).textContent = lead;
  one(".aside__text", el).textContent = quoted;
  one("[data-cancel]", el).setAttribute("aria-label", name === "edit" ? "Stop editing" : "Do not reply to this message");
  box.prepend(el);
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name, value: id });
  field.dataset.aside = "";
  form().append(field);
}

export function clearAside() {
  const was = one(".aside", box);
  all(".aside, [name=reply_to], [name=edit]", box).forEach((el) => el.remove());
  return Boolean(was);
}

box.addEventListener("click", (e) => {
  if (!e.target.closest("[data-cancel]")) return;
  e.preventDefault();
  if (one("[name=edit]", box)) text().value = "";
  clearAside();
  focusBox();
});

// clear empties the box after sending, and at the end of a session.
export function clear() {
  if (!text()) return;
  text().value = "";
  const record = one("[name=record]", box);
  if (record) record.checked = false;
  clearAside();
}

// dropUnsent gives up what was on its way: its session has ended with the rest.
export function dropUnsent() {
  waiting.clear();
  clear();
}

// replaced takes a new message box from the server: closing locks it, a new session gives it other words. What is being
// typed stays.
export function replaced(html) {
  const next = parse(html).firstElementChild;
  if (!next) return;
  const value = text()?.value ?? "";
  const focused = box.contains(document.activeElement);
  box.replaceChildren(...next.childNodes);
  tools();
  one('.skip[href="#m"]').hidden = !text();
  if (text()) {
    text().value = value;
    if (focused) focusBox();
  }
}

// Emoji and mentions: small lists above the box, there only with script.
export function tools() {
  all("[data-emoji], [data-mention]", box).forEach((b) => (b.hidden = false));
}
tools();

box.addEventListener("click", (e) => {
  const button = e.target.closest("[data-emoji], [data-mention]");
  if (!button) return;
  const was = one(".pop--box", box);
  was?.remove();
  if (was && was.dataset.of === button.className + button.ariaLabel) return;
  const pop = button.matches("[data-emoji]") ? emoji() : names();
  pop.dataset.of = button.className + button.ariaLabel;
  box.append(pop);
  one("button", pop)?.focus();
});

function pop(label, items, kind) {
  const el = document.createElement("div");
  el.className = `pop pop--box ${kind}`;
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", label);
  for (const [words, name, insert] of items) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = words;
    if (name) b.setAttribute("aria-label", name);
    b.addEventListener("click", () => {
      el.remove();
      insertText(insert);
    });
    el.append(b);
  }
  return el;
}

const faces = { "👍": "Thumbs up", "🙏": "Thanks", "✅": "Done", "👀": "Looking", "❓": "Question", "🙂": "Smile", "😂": "Laughing", "🎉": "Well done", "❤️": "Heart", "👋": "Wave", "🤔": "Thinking", "⏳": "Waiting" };
const emoji = () => pop("Emoji", Object.entries(faces).map(([face, name]) => [face, name, face]), "");
const names = () =>
  pop("Mention someone", all("#panel [data-person]").map((li) => li.dataset.person).filter((n) => n !== conv.dataset.me).map((n) => [n, "", `@${n} `]), "pop--names");

function insertText(words) {
  const t = text();
  t.setRangeText(words, t.selectionStart, t.selectionEnd, "end");
  t.focus();
}

export function closePop() {
  const el = one(".pop--box", box);
  el?.remove();
  return Boolean(el);
}
