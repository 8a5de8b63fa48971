import { byId, fresh, one, parse, say } from "./dom.js";
import { fields, get, post } from "./post.js";
import { edit, reply } from "./composer.js";
import { base, list, messages, put } from "./log.js";

// What can be done to one message: a toolbar where there is a pointer or a keyboard, a sheet from the bottom on a phone. Both
// do what the message's own page does without script.

const sheet = byId("actions");
const tools = fresh("t-tools");
let on; // the message that has the toolbar
const fine = matchMedia("(hover: hover) and (min-width: 40.0726em)");

const url = (item, what) => `${base}/messages/${encodeURIComponent(item.dataset.id)}${what ? `/${what}` : ""}`;

export function attach(item) {
  if (item === on && tools.isConnected) return;
  on = item;
  closeReacts();
  const mine = item.dataset.mark === "mine";
  one("[data-do=mark] span", tools).textContent = mine ? "Take off the mark" : "Mark for the record";
  one("[data-do=mark]", tools).setAttribute("aria-label", mine ? "Take off the mark" : "Mark for the record");
  item.append(tools);
}

export function detach() {
  closeReacts();
  tools.remove();
  on = undefined;
}

if (fine.matches) {
  list.addEventListener("pointerover", (e) => {
    const item = e.target.closest?.(".msg[data-id]:not(.msg--gone)");
    if (item && !tools.contains(document.activeElement)) attach(item);
  });
  list.addEventListener("pointerleave", () => {
    if (tools.contains(document.activeElement)) return;
    const item = list.contains(document.activeElement) && document.activeElement.closest(".msg[data-id]:not(.msg--gone)");
    if (item) attach(item); // back to the message that the keyboard is on
    else detach();
  });
}
list.addEventListener("focusin", (e) => {
  const item = e.target.closest(".msg[data-id]:not(.msg--gone)");
  if (item && (fine.matches || e.target.matches(":focus-visible"))) attach(item);
});

tools.addEventListener("click", (e) => {
  const button = e.target.closest("[data-do]");
  if (button && on) act(button.dataset.do, on);
});
tools.addEventListener("keydown", (e) => {
  if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
  e.preventDefault();
  e.stopPropagation();
  const buttons = [...tools.querySelectorAll(":scope > button")];
  const at = buttons.indexOf(document.activeElement);
  buttons[(at + (e.key === "ArrowRight" ? 1 : -1) + buttons.length) % buttons.length].focus();
});

export const openTools = (item) => {
  attach(item);
  one("button", tools).focus();
};

// act does one thing to one message.
export async function act(what, item) {
  if (what === "react") return reacts(item);
  if (what === "reply") return reply(item);
  if (what === "edit") return edit(item);
  if (what === "copy") return copy(item);
  if (what === "more") return openSheet(item);
  if (what === "mark") {
    const off = item.dataset.mark === "mine";
    await send(url(item, off ? "unmark" : "mark"), []);
    say(off ? "Mark taken off" : "Marked for the record");
  }
}

async function send(to, what) {
  const answer = await post(to, what);
  if (answer.ok && answer.html) put(answer.html);
  if (!answer.ok) say(answer.words || "That did not work. Try again", "now");
  return answer.ok;
}

function copy(item) {
  navigator.clipboard?.writeText(one(".text", item)?.textContent ?? "").then(() => say("Text copied"));
}

function reacts(item) {
  if (closeReacts()) return;
  attach(item);
  const pop = fresh("t-reacts");
  pop.addEventListener("click", async (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    closeReacts();
    await send(url(item, "react"), [["key", b.value]]);
  });
  tools.append(pop);
  one("[data-do=react]", tools).setAttribute("aria-expanded", "true");
  one("button", pop).focus();
}

export function closeReacts() {
  const pop = one(".pop", tools);
  if (!pop) return false;
  const back = pop.contains(document.activeElement);
  pop.remove();
  one("[data-do=react]", tools).setAttribute("aria-expanded", "false");
  if (back) one("[data-do=react]", tools).focus();
  return true;
}

async function openSheet(item) {
  const html = await get(url(item));
  if (!html) return;
  sheet.replaceChildren(parse(html));
  sheet.querySelectorAll("[data-only-script]").forEach((el) => (el.hidden = false));
  sheet.showModal();
}

// The sheet's forms and links.
sheet.addEventListener("click", (e) => {
  if (e.target === sheet) return sheet.close(); // outside it
  const find = (id) => messages().find((m) => m.dataset.id === id);
  const link = e.target.closest("[data-reply], [data-copy], [data-edit-message]");
  if (!link) return;
  e.preventDefault();
  sheet.close();
  if (link.dataset.reply) reply(find(link.dataset.reply));
  else if (link.dataset.copy) copy(find(link.dataset.copy));
  else edit(find(link.dataset.editMessage));
});
sheet.addEventListener("close", () => sheet.replaceChildren());

document.addEventListener("click", (e) => {
  const link = e.target.closest("[data-actions]");
  if (!link || e.ctrlKey || e.metaKey) return;
  e.preventDefault();
  openSheet(link.closest(".msg"));
});

// Small forms in the page (marks, reactions, dock) are sent without leaving it.
document.addEventListener("submit", async (e) => {
  if (!e.target.matches("[data-post]")) return;
  e.preventDefault();
  const what = fields(e.target, e.submitter);
  const done = await send(e.target.action, what);
  e.target.closest("details")?.removeAttribute("open");
  if (done && sheet.open) sheet.close();
});

// Press and hold opens the sheet; the button that appears on tap does too.
let held;
list.addEventListener("pointerdown", (e) => {
  const item = e.target.closest(".msg[data-id]");
  if (!item || e.pointerType !== "touch") return;
  list.querySelectorAll(".is-open").forEach((el) => el.classList.remove("is-open"));
  item.classList.add("is-open");
  held = setTimeout(() => openSheet(item), 500);
});
for (const end of ["pointerup", "pointercancel", "pointermove", "scroll"]) list.addEventListener(end, () => clearTimeout(held), { passive: true });

export function forget() {
  detach();
  sheet.close();
  sheet.replaceChildren();
}
