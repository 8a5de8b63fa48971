import { all, byId, one, parse, say } from "./dom.js";
import { fields, get, post } from "./post.js";
import { tick } from "./dock.js";

// What belongs on the record? as a dialog over the conversation. The draft is kept on the server, every 5 seconds while it
// changes.

const dialog = byId("sheet");
let changed = false;
let saving = 0;
const form = () => byId("end");

document.addEventListener("click", (e) => {
  const link = e.target.closest("[data-sheet]");
  if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  open(link.href);
});

export async function open(url) {
  const html = await get(url);
  if (!html) return;
  show(html);
  if (!dialog.open) dialog.showModal();
  byId("sheet-title").focus();
  changed = false;
  clearInterval(saving);
  saving = setInterval(save, 5000);
}

function show(html) {
  dialog.replaceChildren(parse(html));
  all("[data-close]", dialog).forEach((b) => (b.hidden = false));
  quoted(false);
  tick();
}

async function save() {
  if (!changed || !form()) return;
  changed = false;
  const answer = await post(form().action, [...fields(form()), ["do", "autosave"]]);
  const at = new Date().toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit", hour12: true }).replace(" ", "");
  const said = one("[data-saved]", dialog);
  if (answer.ok) said.textContent = `Saved ${answer.words || at}`;
  else {
    changed = true;
    said.textContent = answer.status ? answer.words : "Not saved. You are offline, so this draft is in the page only";
  }
}

dialog.addEventListener("input", () => (changed = true));
dialog.addEventListener("change", (e) => {
  changed = true;
  if (e.target.name === "quote") {
    e.target.closest("li").classList.toggle("is-kept", e.target.checked);
    quoted(true);
  }
});

// quoted makes the list of quoted messages agree with the ticks.
function quoted(aloud) {
  const attached = byId("attached");
  if (!attached) return;
  const chosen = all("input[type=checkbox][name=quote]:checked", dialog);
  attached.replaceChildren(
    ...chosen.map((box) => {
      const li = document.createElement("li");
      const words = document.createElement("span");
      words.className = "attached__text";
      words.textContent = `${box.dataset.from}: ${one(".text", box.closest("li")).textContent}`;
      const time = document.createElement("span");
      time.className = "muted num";
      time.textContent = box.dataset.time;
      li.append(words, time);
      return li;
    }),
  );
  one("[data-quoted]", dialog).textContent = chosen.length;
  if (aloud) say(`${chosen.length} ${chosen.length === 1 ? "message" : "messages"} quoted`);
}

dialog.addEventListener("click", (e) => {
  const b = e.target.closest("button");
  if (!b) return;
  if (b.dataset.show) {
    all("[data-show]", dialog).forEach((s) => s.setAttribute("aria-pressed", s === b));
    all(".pick li", dialog).forEach((li) => li.classList.toggle("is-hidden", b.dataset.show === "marked" && !("marked" in li.dataset)));
  } else if (b.dataset.go) {
    form().classList.toggle("sheet--write", b.dataset.go === "write");
    form().classList.toggle("sheet--pick", b.dataset.go === "pick");
    byId("sheet-title").focus();
  } else if ("close" in b.dataset) submit("save");
  else if ("addAction" in b.dataset) {
    e.preventDefault();
    addAction();
  }
});

function addAction() {
  const row = byId("t-act").content.firstElementChild.cloneNode(true);
  const n = byId("acts").children.length;
  one("legend", row).textContent = `Action ${n + 1}`;
  all("div", row).forEach((cell, i) => {
    one("input", cell).id = one("label", cell).htmlFor = `a${n}${"wod"[i]}`;
  });
  byId("acts").append(row);
  one("input", row).focus();
}

dialog.addEventListener("submit", (e) => {
  e.preventDefault();
  submit(e.submitter?.value || "file");
});
dialog.addEventListener("cancel", (e) => {
  e.preventDefault(); // Esc saves and goes back
  submit("save");
});
dialog.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
    e.preventDefault();
    submit("file");
  }
});

async function submit(what) {
  const answer = await post(form().action, [...fields(form()), ["do", what]]);
  if (answer.ok) {
    close();
    say({ file: "Note filed", save: "Draft saved", nothing: "Answered: nothing for the record" }[what] ?? "Done");
  } else if (answer.html) {
    show(answer.html);
    form().classList.remove("sheet--pick");
    form().classList.add("sheet--write");
    (one("[data-focus]", dialog) ?? byId("sheet-title")).focus();
  } else {
    one("[data-saved]", dialog).textContent = answer.words || "You are offline, so this draft is in the page only";
    say(answer.words || "You are offline. The note is not filed yet", "now");
  }
}

export function close() {
  clearInterval(saving);
  changed = false;
  if (dialog.open) dialog.close();
  dialog.replaceChildren();
}

export const isOpen = () => dialog.open;
