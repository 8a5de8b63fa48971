import { say } from "./dom.js";

// Requests from script carry this header. The server then answers with a fragment or with nothing (204) instead of a page or
// a redirect, and with plain words when it refuses.
export const live = { "Winnow-Live": "1" };

// post sends a form's fields. It returns { ok, status, html, words }; status is 0 when the server was not reached.
export async function post(url, fields) {
  try {
    const answer = await fetch(url, { method: "POST", headers: live, body: new URLSearchParams(fields), credentials: "same-origin" });
    const body = await answer.text();
    const html = (answer.headers.get("Content-Type") || "").startsWith("text/html");
    return { ok: answer.ok, status: answer.status, html: html ? body : "", words: html ? "" : body };
  } catch {
    return { ok: false, status: 0, html: "", words: "" };
  }
}

// get fetches a fragment; it returns "" when that failed, after saying so.
export async function get(url) {
  try {
    const answer = await fetch(url, { headers: live, credentials: "same-origin" });
    if (answer.ok) return await answer.text();
    say((await answer.text()) || "That did not work. Try again", "now");
  } catch {
    say("You are offline. Try again when you reconnect", "now");
  }
  return "";
}

// fields are what a form would send, with the button that was used.
export function fields(form, button) {
  const data = new FormData(form);
  if (button && button.name) data.append(button.name, button.value);
  return [...data];
}
