//go:build linux

package story_test

import (
	"encoding/json"
	"fmt"
	"net/url"
)

// api says things with the Matrix API and reads them by each of its calls.
func (m *memory) api(room string, i int) {
	m.Helper()
	in := "rooms/" + url.PathEscape(room)
	var first, then, sync struct {
		Event string `json:"event_id"`
		Next  string `json:"next_batch"`
	}
	send := func(kind, body string, into any) {
		m.Helper()
		m.txn++
		m.json("amara", "PUT", fmt.Sprintf("%s/send/%s/t%d", in, kind, m.txn), body, "200", into)
	}
	m.json("priya", "GET", "sync?timeout=0", "", "200", &sync)
	poll := make(chan struct{})
	go func() {
		defer close(poll)
		m.json("priya", "GET", "sync?timeout=5000&since="+sync.Next, "", "200", nil)
	}()
	m.road = "API message"
	size := []int{16, 40, 300, 1500, 6000}[i%5]
	if i == 18 {
		size = 50_000
	}
	body := m.say(size, i%2 == 1)
	send("m.room.message", object(map[string]any{"msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": body[:16]}), &first)
	m.road = "API reply"
	send("m.room.message", object(map[string]any{"msgtype": "m.text", "body": m.say(60, true), "m.relates_to": map[string]any{"m.in_reply_to": map[string]string{"event_id": first.Event}}}), &then)
	m.road = "API edit"
	send("m.room.message", object(map[string]any{"msgtype": "m.text", "body": m.say(60, true), "m.new_content": map[string]string{"msgtype": "m.text", "body": m.say(60, true)},
		"m.relates_to": map[string]string{"rel_type": "m.replace", "event_id": first.Event}}), nil)
	m.road = "API reaction"
	send("m.reaction", object(map[string]any{"m.relates_to": map[string]string{"rel_type": "m.annotation", "event_id": first.Event, "key": m.say(40, false)}}), nil)
	m.road = "API thing of our own"
	send("org.example.thing", object(map[string]any{"words": m.say(100, true), m.say(20, false): true}), nil)
	for _, get := range []string{in + "/messages?dir=b&limit=20", in + "/event/" + url.PathEscape(first.Event), in + "/context/" + url.PathEscape(then.Event), "sync?timeout=0",
		"../v1/" + in + "/relations/" + url.PathEscape(first.Event)} {
		m.json([]string{"amara", "priya"}[i%2], "GET", get, "", "200", nil)
	}
	if i%3 == 0 {
		m.road = "API withdrawal's reason"
		m.txn++
		m.json("amara", "PUT", fmt.Sprintf("%s/redact/%s/t%d", in, url.PathEscape(then.Event), m.txn), object(map[string]string{"reason": m.say(60, false)}), "200", nil)
	}
	<-poll
}

func object(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// pages says things in the web app, with script and without, and looks at every page that shows words.
func (m *memory) pages(room string, i int) {
	m.Helper()
	chat, live := "/chat/"+url.PathEscape(room), []string{"", "1"}[i%2]
	want := []string{"303", "200"}[i%2]
	m.txn++
	m.road = "page message"
	m.page("amara", "POST", chat+"/messages", url.Values{"text": {m.say([]int{30, 200, 2000}[i%3], i%2 == 0)}, "txn": {fmt.Sprint(m.txn)}}, live, want)
	var last struct {
		Chunk []struct {
			Event string `json:"event_id"`
		}
	}
	m.json("amara", "GET", "rooms/"+url.PathEscape(room)+"/messages?dir=b&limit=1&filter="+url.QueryEscape(`{"types":["m.room.message"]}`), "", "200", &last)
	e := last.Chunk[0].Event
	m.road = "page reply"
	m.page("priya", "POST", chat+"/messages", url.Values{"text": {m.say(80, true)}, "reply_to": {e}}, live, want)
	m.road = "page edit"
	m.page("amara", "POST", chat+"/messages", url.Values{"text": {m.say(80, true)}, "edit": {e}}, live, want)
	m.road = "page reaction"
	at := chat + "/messages/" + url.PathEscape(e)
	m.page("priya", "POST", at+"/react", url.Values{"key": {m.say(32, false)}}, live, want)
	for _, get := range []string{chat, chat + "?reply=" + url.QueryEscape(e), chat + "?edit=" + url.QueryEscape(e), at, "/chat", "/find", chat + "/people", chat + "/end"} {
		m.page("amara", "GET", get, nil, live, "200")
	}
	m.road = "words looked for"
	for _, get := range []string{"/find?q=", "/chat?q=", "/notes?q=", "/people?q="} {
		m.page("amara", "GET", get+m.say(40, false), nil, live, "200")
	}
	if i%4 == 3 {
		m.page("amara", "POST", at+"/withdraw", nil, live, want)
	}
}

// refused says what is not taken.
func (m *memory) refused(room, other string) {
	m.Helper()
	chat, in := "/chat/"+url.PathEscape(room), "rooms/"+url.PathEscape(room)
	for i := range 6 {
		live := []string{"", "1"}[i%2]
		m.road = "page message that is too long"
		m.page("amara", "POST", chat+"/messages", url.Values{"text": {m.say(4100, false)}}, live, "400")
		m.road = "page message marked SECRET"
		m.page("amara", "POST", chat+"/messages", url.Values{"text": {"SECRET " + m.say(60, false)}}, live, "403")
		m.road = "page message of a stranger"
		m.page("sian", "POST", chat+"/messages", url.Values{"text": {m.say(60, false)}}, live, "403 404")
		m.road = "page message of somebody who is signed out"
		m.page("", "POST", chat+"/messages", url.Values{"text": {m.say(60, false)}}, live, "303 401")
		m.road = "page message that is no form"
		m.raw("amara", "POST", chat+"/messages", "text=%zz"+m.say(60, false), live, "400")
		m.road = "reaction that is too long"
		m.page("amara", "POST", chat+"/messages/%24x/react", url.Values{"key": {m.say(100, false)}}, live, "400 404")
		m.road = "text for a page that is not there"
		m.raw("amara", "POST", "/nowhere", m.say(300, false), live, "404")
		m.road = "text for a page that only shows"
		m.raw("amara", "POST", chat+"/messages/x", m.say(300, false), live, "404 405")
		m.road = "API, not JSON"
		m.json("amara", "PUT", fmt.Sprintf("%s/send/m.room.message/bad%d", in, i), m.say(80, false), "400", nil)
		m.road = "API, JSON cut short"
		m.json("amara", "PUT", fmt.Sprintf("%s/send/m.room.message/cut%d", in, i), `{"body":"`+m.say(80, false), "400", nil)
		m.road = "API, SECRET"
		m.json("amara", "PUT", fmt.Sprintf("%s/send/m.room.message/secret%d", in, i), `{"msgtype":"m.text","body":"SECRET: `+m.say(80, false)+`"}`, "403", nil)
		m.road = "API, too long"
		m.json("amara", "PUT", fmt.Sprintf("%s/send/m.room.message/long%d", in, i), `{"body":"`+m.say(70_000, false)+`"}`, "413", nil)
		m.road = "API, stranger"
		m.json("sian", "PUT", fmt.Sprintf("%s/send/m.room.message/sian%d", in, i), `{"body":"`+m.say(80, false)+`"}`, "403 404", nil)
		m.road = "API, signed out"
		m.json("", "PUT", fmt.Sprintf("%s/send/m.room.message/out%d", in, i), `{"body":"`+m.say(80, false)+`"}`, "401", nil)
		m.road = "API, no such call"
		m.json("amara", "PUT", "nothing/here", `{"body":"`+m.say(80, false)+`"}`, "404", nil)
		m.road = "API, encrypted"
		m.json("amara", "PUT", fmt.Sprintf("%s/send/m.room.encrypted/e%d", in, i), `{"ciphertext":"`+m.say(80, false)+`"}`, "403", nil)
		m.road = "API, to a device"
		m.json("amara", "PUT", fmt.Sprintf("sendToDevice/m.x/e%d", i), `{"messages":{"@priya:localhost":{"*":{"body":"`+m.say(80, false)+`"}}}}`, "", nil)
		m.road = "API, reason of a removal"
		m.json("amara", "POST", in+"/kick", `{"user_id":"@sian:localhost","reason":"`+m.say(80, false)+`"}`, "", nil)
		m.road = "API, report"
		m.json("amara", "POST", in+"/report/%24x", `{"reason":"`+m.say(80, false)+`"}`, "404", nil)
		m.road = "message in a conversation with one session only"
		m.json("amara", "PUT", fmt.Sprintf("rooms/%s/send/m.room.message/o%d", url.PathEscape(other), i), `{"msgtype":"m.text","body":"`+m.say(80, false)+`"}`, "200", nil)
		m.road = "event type and transaction"
		m.json("amara", "PUT", in+"/send/"+m.say(40, false)+"/"+m.say(40, false), `{"body":"x"}`, "200", nil)
		m.road = "body of unknown length"
		m.chunked(in, m.say(80, false))
	}
}

// drafts writes a note that is never filed.
func (m *memory) drafts(room string) {
	m.Helper()
	end := "/chat/" + url.PathEscape(room) + "/end"
	for i := range 6 {
		live := []string{"", "1"}[i%2]
		m.road = "draft of a note"
		form := func(do string) url.Values {
			return url.Values{"step": {"both"}, "do": {do}, "title": {m.say(40, false)}, "summary": {m.say(400, true)}, "decided_by": {m.say(30, false)}, "authority": {m.say(30, false)},
				"action_what": {m.say(50, true), m.say(50, false)}, "action_owner": {m.say(20, false), ""}, "action_due": {"", ""}}
		}
		m.page("amara", "GET", end, nil, live, "200")
		m.page("amara", "POST", end, form("autosave"), live, "200")
		m.page("amara", "POST", end, form("add-action"), live, "200")
		m.page("amara", "GET", end, nil, live, "200")
		m.page("amara", "POST", end, form("next"), live, "303")
		m.page("amara", "GET", end+"?step=write", nil, live, "200")
		m.road = "note that was refused"
		bad := form("file")
		bad.Del("title")
		bad.Set("summary", m.say(300, true))
		m.page("amara", "POST", end, bad, live, "422")
	}
	m.page("amara", "POST", end, url.Values{"step": {"choose"}, "do": {"save"}}, "", "303")
}
