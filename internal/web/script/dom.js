// Small words for the document.

export const byId = (id) => document.getElementById(id);
export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// parse makes elements from a fragment of the server's HTML. Scripts in it would not run; the policy forbids them too.
export function parse(html) {
  const t = document.createElement("template");
  t.innerHTML = html;
  return t.content;
}

// fresh copies one of the page's own templates.
export const fresh = (id) => byId(id).content.firstElementChild.cloneNode(true);

// say tells screen readers: "status" and "message" wait their turn, "now" is for "Not sent" and faults only. What was said
// does not stay in the document.
export function say(words, region = "status") {
  const el = byId(`say-${region}`);
  if (!el) return;
  el.textContent = words;
  setTimeout(() => el.textContent === words && (el.textContent = ""), 5000);
}

export const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;
