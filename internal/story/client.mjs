// A person at a Matrix client: matrix-js-sdk, told what to do by lines of JSON on standard input, one answer each on standard
// output. Nothing but the answers may be printed there.

import { createInterface } from "node:readline";
import { createClient, ClientEvent } from "matrix-js-sdk";

for (const level of ["trace", "debug", "info", "log", "warn"]) console[level] = () => {};

// The SDK is made for Node 22, which has this by itself.
Promise.withResolvers ??= function () {
  const all = {};
  all.promise = new this((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
};

let client;

const events = (room) => client.getRoom(room).getLiveTimeline().getEvents();

// everything is all that the SDK's store has of a room: every timeline, with what hangs on each event.
function everything(room) {
  const out = [];
  const r = client.getRoom(room);
  for (const set of r.getTimelineSets()) {
    for (const timeline of set.getTimelines()) {
      for (const e of timeline.getEvents()) {
        out.push(e.event, e.getContent(), e.replacingEvent()?.event ?? null, e.localRedactionEvent?.()?.event ?? null);
        for (const kind of ["m.annotation", "m.replace", "m.thread"]) {
          const related = r.relations.getChildEventsForEvent(e.getId(), kind, kind === "m.replace" ? "m.room.message" : "m.reaction");
          out.push((related?.getRelations() ?? []).map((x) => x.event));
        }
      }
    }
  }
  return JSON.stringify(out);
}

const can = {
  async login({ url, user, password }) {
    const guest = createClient({ baseUrl: url, logger: silent });
    const who = await guest.loginRequest({ type: "m.login.password", identifier: { type: "m.id.user", user }, password, initial_device_display_name: "SDK" });
    client = createClient({ baseUrl: url, userId: who.user_id, accessToken: who.access_token, deviceId: who.device_id, logger: silent, timelineSupport: true });
    const ready = new Promise((done, fail) => client.on(ClientEvent.Sync, (state, _, data) => {
      if (state === "PREPARED") done();
      if (state === "ERROR") fail(data.error);
    }));
    await client.startClient({ initialSyncLimit: 50 });
    await ready;
    return who.user_id;
  },
  rooms: async () => client.getRooms().map((r) => ({ id: r.roomId, name: r.name, unread: r.getUnreadNotificationCount() })),
  send: async ({ room, text }) => (await client.sendTextMessage(room, text)).event_id,
  react: async ({ room, event, key }) => (await client.sendEvent(room, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } })).event_id,
  typing: async ({ room, on }) => { await client.sendTyping(room, on, 20_000); },
  read: async ({ room, event }) => { await client.sendReadReceipt(events(room).find((e) => e.getId() === event)); },
  seen: async ({ room }) => events(room).map((e) => ({ id: e.getId(), type: e.getType(), sender: e.getSender(), body: e.getContent().body ?? "", redacted: e.isRedacted() })),
  state: async ({ room, type }) => client.getRoom(room).currentState.getStateEvents(type, "")?.getContent() ?? null,
  everything: async ({ room }) => everything(room),
};

const quiet = () => {};
const silent = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, getChild: () => silent };

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...args } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await can[what](args)) ?? null };
  } catch (e) {
    answer = { error: String(e?.message ?? e) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
client?.stopClient();
process.exit(0);
