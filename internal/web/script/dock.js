import { all, byId, one, parse, say } from "./dom.js";

// The countdown. The page always carries the clock time; this adds minutes. Screen readers hear it at 15, 5 and 1 minutes only.

let offset = 0; // the server's clock minus this device's
let told = Infinity;

// replaced puts a new dock in place; the conversation's state goes with it.
export function replaced(html) {
  const next = parse(html).firstElementChild;
  const old = byId("dock");
  if (!next || !old) return;
  const held = one(":focus", old)?.textContent;
  old.replaceWith(next);
  if (held) all("a, button", next).find((b) => b.textContent === held)?.focus();
  started(next);
}

export function started(dock = byId("dock")) {
  if (!dock) return;
  const conv = byId("main");
  const was = conv.dataset.state;
  conv.dataset.state = dock.dataset.state;
  all("[data-line]:not(#dock)").forEach((el) => dock.dataset.line && (el.textContent = dock.dataset.line));
  if (dock.dataset.state !== "ending") told = Infinity;
  if (was !== dock.dataset.state) {
    if (dock.dataset.state === "writing") say("Countdown paused");
    if (dock.dataset.state === "closing") say("Session ending");
  }
  tick();
}

// tick moves every ring and heading that counts.
export function tick() {
  for (const el of all("[data-ends]")) {
    if (el.dataset.now) {
      offset = Number(el.dataset.now) - Date.now();
      delete el.dataset.now;
    }
    const left = Math.max(0, (Number(el.dataset.ends) - Date.now() - offset) / 60_000);
    const minutes = Math.ceil(left - 1 / 60);
    draw(one("[data-ring]", el), left);
    const words = left < 1 ? "less than a minute" : minutes === 1 ? "1 minute" : `${minutes} minutes`;
    const heading = one("#dock-title", el);
    if (heading?.textContent.startsWith("This session ends in")) heading.textContent = `This session ends in ${words}`;
    if (el.id === "dock") {
      for (const mark of [1, 5, 15]) {
        if (minutes <= mark && told > mark) {
          told = mark;
          say(`This session ends in ${words}`);
          break;
        }
      }
    }
  }
}

function draw(ring, left) {
  if (!ring) return;
  one(".v", ring).setAttribute("stroke-dasharray", `${Math.min(15, left).toFixed(2)} 15`);
  const minutes = Math.ceil(left - 1 / 60);
  one("text", ring).textContent = left < 1 ? "<1" : minutes;
  ring.setAttribute("aria-label", left < 1 ? "Less than a minute left" : `${minutes} ${minutes === 1 ? "minute" : "minutes"} left`);
}

setInterval(tick, 5000);
