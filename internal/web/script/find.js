import { all, byId, one, parse } from "./dom.js";
import { live } from "./post.js";

// Ctrl K opens Find as a box over the page; without script it is a page of its own.

let dialog;

document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === "k" && !one("dialog[open]:not(.palette)")) {
    e.preventDefault();
    open();
  }
});
document.addEventListener("click", (e) => {
  if (!e.target.closest("[data-find]") || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  open();
});

function open() {
  dialog ??= build();
  if (dialog.open) return;
  dialog.showModal();
  const input = one("input", dialog);
  input.value = "";
  one("[data-results]", dialog).replaceChildren();
  search("");
}

function build() {
  const el = document.createElement("dialog");
  el.className = "palette";
  el.setAttribute("aria-label", "Find");
  el.append(parse(`<form class="palette__input" action="/find"><label class="vh" for="find-q">Find a person, a note or a conversation</label><input id="find-q" name="q" type="search" placeholder="Find a person, a note or a conversation" autocomplete="off" spellcheck="false"><kbd>Esc</kbd></form><div class="palette__results" data-results></div><p class="vh" role="status" data-count></p>`));
  document.body.append(el);
  let wait;
  one("input", el).addEventListener("input", (e) => {
    clearTimeout(wait);
    wait = setTimeout(() => search(e.target.value), 150);
  });
  el.addEventListener("click", (e) => e.target === el && el.close());
  el.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    e.preventDefault();
    const stops = [one("input", el), ...all("[data-results] a", el)];
    const at = stops.indexOf(document.activeElement);
    stops[Math.max(0, Math.min(stops.length - 1, at + (e.key === "ArrowDown" ? 1 : -1)))].focus();
  });
  one("form", el).addEventListener("submit", (e) => {
    const first = one("[data-results] a", el);
    if (!first) return;
    e.preventDefault();
    first.click();
  });
  return el;
}

let asked = 0;
async function search(words) {
  const mine = ++asked;
  try {
    const answer = await fetch(`/find?q=${encodeURIComponent(words.trim())}`, { headers: live, credentials: "same-origin" });
    if (!answer.ok || mine !== asked) return;
    one("[data-results]", dialog).replaceChildren(parse(await answer.text()));
    const n = all("[data-results] a", dialog).length;
    setTimeout(() => mine === asked && (one("[data-count]", dialog).textContent = `${n} ${n === 1 ? "result" : "results"}`), 500);
  } catch {
    one("[data-results]", dialog).textContent = "You are offline.";
  }
}
