// The script of the conversation list and of a conversation. Every page works without it.

import "./find.js";
import { all, byId, parse, say } from "./dom.js";
import { count, poll, row } from "./list.js";

document.documentElement.classList.add("scripted");
all("[data-only-script]").forEach((el) => (el.hidden = false));
count();

if (byId("messages")) conversation();
else poll();

async function conversation() {
  const [log, composer, dock, actions, sheet, panel, { Stream }] = await Promise.all([
    import("./log.js"), import("./composer.js"), import("./dock.js"), import("./actions.js"),
    import("./sheet.js"), import("./panel.js"), import("./stream.js"), import("./keys.js"),
  ]);
  dock.started();

  // forget takes every word that was said out of this page.
  const forget = () => {
    log.forget();
    actions.forget();
    sheet.close();
    byId("typing").replaceChildren();
    byId("panel").querySelector(".kept")?.remove();
    composer.dropUnsent();
  };

  const stream = new Stream(log.conv.dataset.conversation, log.conv.dataset.from, {
    message: log.put,
    panel: panel.replaced,
    dock: dock.replaced,
    composer: composer.replaced,
    row,
    typing: (html) => byId("typing").replaceChildren(parse(html)),
    banner: (html) => {
      const next = parse(html).firstElementChild;
      if (!next) return;
      byId("banner").replaceWith(next);
      if (next.textContent.trim()) say(next.textContent.trim());
    },
    ended: (html) => {
      const mine = byId("composer").contains(document.activeElement);
      forget();
      byId("log").hidden = true;
      const past = parse(html).firstElementChild;
      if (past) byId("past").replaceWith(past);
      log.conv.dataset.state = "none";
      if (mine) composer.focusBox();
    },
    reset: () => log.list.replaceChildren(), // the server sends the log again from its beginning
    status: (words) => say(words),
  });
  stream.open();

  // A page in the back/forward cache would keep its messages after the session is gone.
  addEventListener("pagehide", () => {
    stream.close();
    forget();
  });
  addEventListener("pageshow", (e) => e.persisted && location.reload());
  addEventListener("beforeunload", (e) => composer.hasUnsent() && e.preventDefault());

  // Help that is shown once.
  const help = document.querySelector("[data-got-it]");
  if (help) {
    help.hidden = false;
    help.addEventListener("click", () => help.closest("[data-help]").remove());
  }
}
