// The script of content pages. htmx serves the live search boxes (hx-get in the templates); everything else is plain HTML.

import "htmx.org";
import "./find.js";
import { all, one, say } from "./dom.js";
import { tick } from "./dock.js";

document.documentElement.classList.add("scripted");
all("[data-only-script]").forEach((el) => (el.hidden = false));

// A form that came back with problems puts the focus on their summary.
one("[data-focus]")?.focus();
tick();

document.addEventListener("click", (e) => {
  const copy = e.target.closest("[data-copy-link]");
  if (copy) {
    navigator.clipboard?.writeText(location.href.split(/[?#]/)[0]);
    one("span", copy).textContent = "Link copied";
    say("Link copied");
  }
});

// A page with unsent words on it, such as a draft note, is not kept by the browser to come back to.
addEventListener("pageshow", (e) => e.persisted && one("#end") && location.reload());
