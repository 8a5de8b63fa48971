import { all, byId, one } from "./dom.js";
import { act, closeReacts, detach, openTools } from "./actions.js";
import { clearAside, closePop, focusBox } from "./composer.js";
import { go } from "./list.js";
import { base, log, messages } from "./log.js";
import { open as openSheet } from "./sheet.js";
import { closePanel, togglePanel } from "./panel.js";

// The keyboard (the list is at /help/keyboard). Single keys work only while the messages have focus. Keys of the browser
// itself are left alone.

const regions = ["rows", "log", "m", "panel"];

document.addEventListener("keydown", (e) => {
  if (e.isComposing || one("dialog[open]")) return;
  if (e.key === "F6") {
    e.preventDefault();
    return region(e.shiftKey ? -1 : 1);
  }
  if (e.ctrlKey && e.key === ".") {
    e.preventDefault();
    return togglePanel();
  }
  if (e.ctrlKey && e.key === "/") {
    e.preventDefault();
    return location.assign("/help/keyboard");
  }
  if (e.altKey && !e.ctrlKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) {
    e.preventDefault();
    return go(e.key === "ArrowUp" ? -1 : 1, e.shiftKey);
  }
  if (e.key === "Escape") return escape();
  if (log.contains(e.target) && !e.target.closest("button, a, input, textarea")) inLog(e);
});

function region(step) {
  const there = regions.map(byId).filter((el) => el && el.offsetParent !== null);
  const at = there.findIndex((el) => el.contains(document.activeElement));
  const next = there[(at + step + there.length) % there.length];
  if (next?.id === "log") (messages().at(-1) ?? next).focus();
  else if (next?.id === "rows") (one("a[aria-current], a.row", next) ?? next).focus();
  else next?.focus();
}

// escape closes what is open, one thing at a time, and then goes back to the message box.
function escape() {
  const menu = one("details.more[open]");
  if (menu) {
    menu.open = false;
    return one("summary", menu).focus();
  }
  if (closeReacts() || closePop() || closePanel()) return;
  if (document.activeElement?.id === "m") {
    clearAside();
    return;
  }
  detach();
  focusBox();
}

// What each key does to the message that has focus; the last one when the log itself has it.
const single = { m: "mark", r: "reply", e: "edit", "+": "react", c: "copy" };

function inLog(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const items = messages();
  const item = e.target.closest(".msg[data-id]");
  const at = items.indexOf(item);
  const to = { ArrowUp: at < 0 ? items.length - 1 : Math.max(0, at - 1), ArrowDown: Math.min(items.length - 1, at + 1), Home: 0, End: items.length - 1 }[e.key];
  if (to !== undefined && items.length) {
    e.preventDefault();
    items[to].focus();
    items[to].scrollIntoView({ block: "nearest" });
    return;
  }
  const target = item ?? items.at(-1);
  if (!target) return;
  const key = e.key.toLowerCase();
  if (e.key === "Enter" && item) {
    e.preventDefault();
    openTools(item);
  } else if (key === "n") {
    e.preventDefault();
    openSheet(`${base}/end`);
  } else if (single[key]) {
    e.preventDefault();
    act(single[key], target);
  }
}

// A menu that is open closes when something else is used.
document.addEventListener("click", (e) => {
  for (const menu of all("details.more[open]")) if (!menu.contains(e.target)) menu.open = false;
});
