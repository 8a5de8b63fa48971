import { byId, one } from "./dom.js";

// The event stream of one conversation.
//
// htmx's hx-sse is not used here. When a swap throws it reconnects without closing the stream before, and a browser allows
// about six connections to a host over HTTP/1.1: after a handful of faults no page loads any more. A chat also needs what a
// swap does not give: replace by id, keep the position for a stream of our own making, close while nobody looks, forget. All
// of that is these lines over EventSource, which reconnects and sends Last-Event-ID by itself. There is one stream at a time,
// and open() closes the one before in every case.

const slow = 10_000; // how long to wait before saying "Reconnecting"
const asleep = 5 * 60_000; // a tab that nobody sees gives its connection back

export class Stream {
  #source;
  #from;
  #timer;
  #tries = 0;
  #sleep;

  // on is a map from event name to a function that takes the event's data.
  constructor(conversation, from, on) {
    this.url = `/chat/${encodeURIComponent(conversation)}/events`;
    this.page = `/chat/${encodeURIComponent(conversation)}`;
    this.#from = from;
    this.on = on;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#sleep);
      if (document.hidden) this.#sleep = setTimeout(() => this.close(), asleep);
      else if (!this.#source) this.open();
    });
    addEventListener("offline", () => this.#shown("offline"));
    addEventListener("online", () => this.open());
  }

  open() {
    this.close();
    const source = new EventSource(`${this.url}?from=${encodeURIComponent(this.#from)}`);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#shown("");
    };
    source.onerror = () => {
      this.#timer ||= setTimeout(() => this.#shown(navigator.onLine ? "slow" : "offline"), slow);
      if (source.readyState === EventSource.CLOSED && this.#source === source) this.#again();
    };
    for (const [name, act] of Object.entries(this.on)) {
      source.addEventListener(name, (e) => {
        if (e.lastEventId) this.#from = e.lastEventId;
        try {
          act(e.data);
        } catch (fault) {
          console.error("Event", name, fault); // one event that cannot be shown does not stop the others
        }
      });
    }
  }

  close() {
    this.#source?.close();
    this.#source = undefined;
  }

  // again opens a new stream after the server refused one: later each time, and after the third look whether the person
  // may still be here at all.
  async #again() {
    this.close();
    this.#tries++;
    const wait = Math.min(30_000, 500 * 2 ** this.#tries);
    if (this.#tries % 3 === 0) {
      try {
        const answer = await fetch(this.page, { method: "HEAD", credentials: "same-origin" });
        if (answer.redirected || [401, 403, 404, 410].includes(answer.status)) return location.reload();
      } catch {
        // not reached: wait as for any other fault
      }
    }
    setTimeout(() => !this.#source && !document.hidden && this.open(), wait);
  }

  #shown(state) {
    const box = byId("offline");
    box.hidden = !state;
    one("[data-offline-lead]", box).textContent = state === "offline" ? "You are offline." : "Reconnecting.";
    one("[data-offline-text]", box).textContent =
      state === "offline" ? "New messages will send when you reconnect. The session end time does not change." : "You can keep typing.";
  }
}
