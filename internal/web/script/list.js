import { all, byId, one, parse } from "./dom.js";

// The column of conversations: rows that change, the filter, the count of what is unread.

const filter = one("[data-filter]");
const current = byId("main")?.dataset.conversation;

// row puts a row in place. One whose time changed moves to the top of its group.
export function row(html) {
  const item = parse(html).querySelector("li[id]");
  if (!item) return;
  const old = byId(item.id);
  const group = one(`section[data-group="${item.dataset.group}"]`);
  if (item.id === `row-${current}`) one("a", item).setAttribute("aria-current", "page");
  const time = (li) => one(".row__end > span:not(.marks)", li)?.textContent;
  if (old && old.dataset.group === item.dataset.group && time(old) === time(item)) old.replaceWith(item);
  else {
    const focused = old?.contains(document.activeElement);
    old?.remove();
    one("ul", group).prepend(item);
    if (focused) one("a", item).focus();
  }
  for (const section of all("section[data-group]")) section.hidden = !one("li", section);
  count();
  if (filter?.value) narrow();
}

// count adds up what is unread, for the bar and the page's title. A title never has words of a message.
const title = document.title.replace(/ \(\d+ unread\)/, "");
export function count() {
  const n = all("[data-group] li[data-count]").reduce((sum, li) => sum + Number(li.dataset.count), 0);
  for (const pill of all("[data-unread]")) {
    pill.hidden = n === 0;
    one("[data-unread-count]", pill).textContent = n;
  }
  document.title = n ? title.replace(/^(.*?)( - |$)/, `$1 (${n} unread)$2`) : title;
}

function narrow() {
  const wanted = filter.value.trim().toLowerCase();
  let shown = 0;
  for (const li of all("[data-group] li[data-name]")) {
    li.hidden = !li.dataset.name.toLowerCase().includes(wanted);
    shown += li.hidden ? 0 : 1;
  }
  const none = byId("no-match");
  if (!none) return;
  none.hidden = shown > 0 || !wanted;
  none.textContent = `No person or conversation called ‘${filter.value.trim()}’.`;
}
filter?.addEventListener("input", narrow);
filter?.form.addEventListener("submit", (e) => {
  const first = one("[data-group] li:not([hidden]) a");
  if (first && filter.value.trim()) {
    e.preventDefault();
    first.click();
  }
});

// Up and Down move within the list when it has focus.
byId("rows")?.addEventListener("keydown", (e) => {
  if (e.altKey || (e.key !== "ArrowUp" && e.key !== "ArrowDown")) return;
  const rows = links();
  const at = rows.indexOf(document.activeElement);
  e.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, at + (e.key === "ArrowDown" ? 1 : -1)))]?.focus();
});

const links = () => all("[data-group] li:not([hidden]) a.row");

// go opens the previous or next conversation, or the previous or next unread one.
export function go(step, unread) {
  const rows = links();
  let at = rows.findIndex((a) => a.hasAttribute("aria-current"));
  for (at += step; at >= 0 && at < rows.length; at += step) {
    if (!unread || rows[at].classList.contains("row--unread")) return rows[at].click();
  }
}

// On its own page the list asks again now and then; in a conversation the stream brings its rows.
export function poll() {
  const again = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/chat", { credentials: "same-origin" });
      if (answer.redirected) return location.reload();
      if (!answer.ok || filter?.value) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rows");
      const focused = document.activeElement?.closest("#rows li")?.id;
      if (next) byId("rows").replaceChildren(...next.childNodes);
      if (focused) one("a", byId(focused) ?? document.createElement("p"))?.focus();
      count();
    } catch {
      // offline: the list stays as it is
    }
  };
  setInterval(again, 20_000);
  document.addEventListener("visibilitychange", again);
}
