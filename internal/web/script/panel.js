import { all, byId, one, parse } from "./dom.js";

// The session panel: a column on a wide screen, a drawer on others.

const button = one("[data-panel]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", togglePanel);
}

export function togglePanel() {
  const panel = byId("panel");
  const open = panel.classList.toggle("is-open");
  button?.setAttribute("aria-expanded", open);
  if (open) panel.focus();
}

export function closePanel() {
  const panel = byId("panel");
  if (!panel?.classList.contains("is-open")) return false;
  panel.classList.remove("is-open");
  button?.setAttribute("aria-expanded", "false");
  button?.focus();
  return true;
}

export function replaced(html) {
  const next = parse(html).firstElementChild;
  const old = byId("panel");
  if (!next || !old) return;
  next.classList.toggle("is-open", old.classList.contains("is-open"));
  const focused = old.contains(document.activeElement);
  old.replaceWith(next);
  if (focused) next.focus();
  all("[data-marked]:not(#panel, #dock)").forEach((el) => (el.textContent = next.dataset.marked));
}
