package story_test

import (
	"bytes"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/verify"
)

const fund = "Harbour resilience fund, round 2"

// What is said in the story. Two messages and the SDK's are quoted; each of the others has a word of its own, which must be
// nowhere when the session is over.
var (
	decided = "The Minister has agreed the £400,000 cap for small harbours, subject to Treasury."
	because = "Because 19 of 23 bids came in under it. Économies d’échelle <b>count</b> & “so do” smaller quays."
	number  = "Analysis confirms: 23 bids, 19 below the cap."
)

// TestStory is the main job, from the first message to the certificate, with two people in browsers and one at a Matrix
// client.
func TestStory(t *testing.T) {
	h := openHouse(t)
	browser := openBrowser(t)
	fund, direct := h.room(fund), h.room("Priya Raman")
	secret := map[string]string{}
	for _, name := range []string{"first", "reply", "before edit", "after edit", "withdrawn", "sdk", "unsent", "draft", "reaction"} {
		secret[name] = word()
	}

	amara, priya, rhys := h.sit(browser, "amara"), h.sit(browser, "priya"), h.client("rhys")
	amara.signIn()
	priya.signIn()
	amara.talk(fund)
	priya.talk(direct)
	amara.sees("that no session is open", `document.getElementById("past").textContent.includes("No session open")`)

	// They talk.
	first := amara.says("Morning all. Numbers by 11? Ref " + secret["first"])
	amara.sees("the session's start", `document.querySelector(".start").textContent.includes("History is off")`)
	rhys.hears(fund, secret["first"])
	priya.sees("what she has not read", fmt.Sprintf(`document.getElementById(%q)?.querySelector(".pill")?.textContent === "1"`, "row-"+string(fund)))
	h.until("the SDK counts it as unread", func() bool {
		for _, r := range ask[[]struct {
			ID     id.Room
			Unread int
		}](rhys, "rooms", nil) {
			if r.ID == fund && r.Unread == 1 {
				return true
			}
		}
		return false
	})
	priya.js(fmt.Sprintf(`document.getElementById(%q).querySelector("a").click()`, "row-"+string(fund)))
	priya.sees("the conversation", `document.documentElement.classList.contains("scripted") && document.getElementById("main").dataset.name.startsWith("Harbour")`)
	priya.hears("Morning all. Numbers by 11? Ref " + secret["first"])
	amara.sees("that one has read it", message("Morning all. Numbers by 11? Ref "+secret["first"])+`.textContent.includes("Read by 1")`)

	h.clock.Advance(time.Minute)
	ask[any](rhys, "typing", map[string]any{"room": fund, "on": true})
	amara.sees("that Rhys is typing", `document.getElementById("typing").textContent.includes("Rhys is typing")`)
	rhys.says(fund, number)
	rhys.says(fund, "The quay survey is "+secret["sdk"])
	amara.hears(number)
	priya.hears("The quay survey is " + secret["sdk"])

	h.clock.Advance(time.Minute)
	priya.js(`document.getElementById("m").focus()`)
	priya.typing("The Minister")
	amara.sees("that Priya is typing", `document.getElementById("typing").textContent.includes("Priya is typing")`)
	priya.fill("#m", decided)
	priya.enter()
	amara.hears(decided)
	rhys.hears(fund, decided)

	// Reply, reaction, edit, withdrawal.
	amara.on(decided, "r")
	amara.sees("what she answers", `document.querySelector("#composer .aside")?.textContent.includes("Reply to Priya Raman")`)
	amara.says("Thank you. The file is " + secret["reply"])
	priya.hears("Thank you. The file is " + secret["reply"])
	priya.sees("what it answers", message("Thank you. The file is "+secret["reply"])+`.querySelector(".quote").textContent.includes("Minister has agreed")`)
	amara.js(message(decided) + ".focus()")
	amara.key("+", "+", 187)
	amara.click(`.tools .pop button[value="👍"]`)
	priya.sees("the reaction", message(decided)+`.querySelector(".react")?.getAttribute("aria-label") === "Thumbs up, 1 person"`)
	ask[id.Event](rhys, "react", map[string]any{"room": fund, "event": first, "key": secret["reaction"]})
	priya.sees("a reaction in words", message("Morning all. Numbers by 11? Ref "+secret["first"])+`.querySelector(".react")?.textContent.includes("`+secret["reaction"][:16]+`")`)

	amara.says("Because of " + secret["before edit"])
	priya.hears("Because of " + secret["before edit"])
	amara.on("Because of "+secret["before edit"], "e")
	amara.fill("#m", because)
	amara.enter()
	priya.hears(because)
	priya.sees("that it was edited", message(because)+`.textContent.includes("Edited")`)
	priya.sees("nothing of the first wording", `!document.documentElement.outerHTML.includes("`+secret["before edit"]+`")`)
	amara.says("Lunch at one? " + secret["after edit"])

	priya.says("Wrong window: " + secret["withdrawn"])
	amara.hears("Wrong window: " + secret["withdrawn"])
	priya.js(message("Wrong window: "+secret["withdrawn"]) + ".focus()")
	priya.click(".tools [data-do=more]")
	priya.click(`#actions form[action$="/withdraw"] button`)
	priya.sees("the chat again", `!document.getElementById("actions").open`)
	amara.sees("that Priya withdrew it", `document.getElementById("messages").textContent.includes("Priya withdrew a message") && !document.documentElement.outerHTML.includes("`+secret["withdrawn"]+`")`)
	h.until("the SDK has not got it any more", func() bool { return !strings.Contains(rhys.everything(fund), secret["withdrawn"]) })

	// Marks: from the page, by key, and from the Matrix client.
	priya.js(message(decided) + ".focus()")
	priya.click(".tools [data-do=mark]")
	amara.sees("Priya's mark", message(decided)+`.textContent.includes("marked by Priya")`)
	ask[id.Event](rhys, "react", map[string]any{"room": fund, "event": rhys.hears(fund, number).ID, "key": "📌"})
	amara.sees("the mark from the Matrix client", message(number)+`.textContent.includes("marked by Rhys")`)
	amara.on(because, "m")
	priya.sees("Amara's mark", message(because)+`.textContent.includes("marked by Amara")`)
	amara.sees("three marks in the panel", `document.getElementById("panel").textContent.includes("3 marked")`)

	// The end: a draft with words that are taken out again, then the note.
	priya.js(`document.getElementById("m").focus()`)
	priya.typing("half a thought " + secret["unsent"])
	amara.click(".conv__end button")
	priya.sees("that the session ends", `document.getElementById("dock").textContent.includes("This session ends in 15 minutes")`)
	amara.click("#dock [data-sheet]")
	amara.sees("the sheet", `document.getElementById("sheet").open && document.querySelector("[data-quoted]").textContent === "3"`)
	priya.sees("who writes", `document.getElementById("dock").textContent.includes("Amara is writing a note")`)
	amara.sees("the title that is suggested", `document.getElementById("title").value.startsWith("Analysis confirms")`)
	amara.fill("#title", "A first thought "+secret["draft"])
	amara.click(`#sheet button[value="save"]`)
	amara.sees("the chat", `!document.getElementById("sheet").open`)
	amara.click("#dock [data-sheet]")
	amara.sees("her draft", `document.getElementById("title")?.value.includes("`+secret["draft"]+`")`)
	for field, words := range map[string]string{"title": "Small-harbour cap raised to £400,000", "summary": "The Minister agreed the cap.\nIt fits the bids received.",
		"decided_by": "The Minister for Coasts", "authority": "Submission 2026/114", "a0w": "Publish the guidance", "a0o": "Rhys Pembrey", "a0d": "20 November"} {
		amara.fill("#"+field, words)
	}
	amara.noFaults()
	amara.click("#sheet .sheet__file")
	amara.sees("that it is filed", `!document.getElementById("sheet").open && document.getElementById("dock").textContent.includes("Note filed")`)
	priya.click("#dock [data-sheet]")
	priya.sees("the sheet", `document.getElementById("sheet").open && document.getElementById("sheet").textContent.includes("Amara filed a note with 3 messages")`)
	priya.click(`#sheet button[value="nothing"]`)
	priya.noFaults()
	rhys.says(fund, "!nothing") // the ninth message

	// It is over at once: everywhere the receipt, nowhere the words.
	said := []string{decided, because, number, "Minister has agreed", "Lunch at one", "half a thought", "Publish the guidance"}
	for _, w := range secret {
		said = append(said, w)
	}
	for _, s := range []*seat{amara, priya} {
		s.sees("the receipt", `document.querySelector("#past .receipt")?.textContent.includes("Session ended 9:02am")`)
		s.sees("the figures", `document.querySelector(".receipt dl").innerText.split(/\s+/).join(" ") === "Messages 9 Kept in the note 3 Deleted 6 People 3"`)
		for _, w := range said {
			s.sees("nothing of “"+w+"”", fmt.Sprintf(`!document.documentElement.outerHTML.includes(%s) && ![...document.querySelectorAll("input, textarea")].some(i => i.value.includes(%[1]s))`, quote(w)))
		}
		s.noFaults()
	}
	h.until("the SDK has nothing of it any more", func() bool {
		all := rhys.everything(fund)
		for _, w := range said {
			if strings.Contains(all, w) {
				return false
			}
		}
		return true
	})
	if state := ask[map[string]any](rhys, "state", map[string]any{"room": fund, "type": "org.winnow.session"}); state["state"] != "ended" {
		t.Errorf("the room's state says %v", state)
	}

	checkCertificate(t, amara)
	doc, eml := h.filed(".docx", 1), h.filed(".eml", 1)
	if len(doc) != 1 || len(eml) != 1 || !strings.Contains(doc[0], "/Harbours/Resilience fund/Round 2/2026-11-10 N-2026-0001 ") {
		t.Errorf("the drive has %v %v", doc, eml)
	}
	checkDocument(t, h, doc[0])
	if m, err := mail.ReadMessage(bytes.NewReader(read(t, eml[0]))); err != nil || m.Header.Get("X-Winnow-Note") != "N-2026-0001" {
		t.Errorf("the e-mail: %v %v", err, m)
	}
	if report := h.audit(); report.Counts.Messages != 9 || report.Counts.Quoted != 3 || report.Counts.Withdrawn != 1 || report.Became[verify.Noted] != 1 {
		t.Errorf("the log says %+v %+v", report.Counts, report.Became)
	}
	if out, code := runs(t, "audit", h.url, "--key", h.Ledger.Key); code != 0 {
		t.Errorf("winnow audit: %d\n%s", code, out)
	}

	// What was not quoted is nowhere; what was, is found in the same search.
	gone := newHunt(t)
	for _, w := range secret {
		gone.words = append(gone.words, w)
		gone.search.Add([]byte(w))
	}
	gone.words = append(gone.words, "23 bids, 19 below the cap")
	gone.search.Add([]byte("23 bids, 19 below the cap"))
	gone.files(h.dir)
	gone.tables(filepath.Join(h.dir, "winnow.db"))
	if gone.found["23 bids, 19 below the cap"] == "" {
		t.Error("the search does not find what was quoted")
	}
	gone.in("the log", []byte(h.logs.String()))
	for name, w := range secret {
		if at := gone.found[w]; at != "" {
			t.Errorf("the word of %q is in %s", name, at)
		}
	}
	t.Logf("searched %d bytes", gone.looked)
}

// checkCertificate follows the receipt's link as anybody would.
func checkCertificate(t *testing.T, s *seat) {
	t.Helper()
	s.js(`[...document.querySelectorAll(".receipt a")].find(a => a.pathname.startsWith("/certificates/")).click()`)
	s.sees("the certificate", `document.querySelector("h1")?.textContent.includes("Disposal certificate")`)
	for _, words := range []string{"This certificate is genuine", "9 sent = 3 kept + 6 deleted", "because everybody answered", "A note was filed"} {
		s.sees(words, `document.getElementById("main").textContent.includes(`+quote(words)+`)`)
	}
}

// checkDocument reads the note as an office program shows it, checks it, and checks that a forgery is noticed.
func checkDocument(t *testing.T, h *house, path string) {
	t.Helper()
	text := strings.Join(strings.Fields(string(read(t, office(t, "txt:Text (encoded):UTF8", path)))), " ")
	for _, words := range []string{decided, because, number, "Small-harbour cap raised to £400,000", "The Minister for Coasts", "Submission 2026/114", "Publish the guidance", "20 November"} {
		if !strings.Contains(text, words) {
			t.Errorf("the document has no %q:\n%s", words, text)
		}
	}
	doc := read(t, path)
	report, err := verify.CheckDocx(bytes.NewReader(doc), int64(len(doc)), h.key())
	if err != nil || !report.OK() || !report.Trusted {
		t.Errorf("the document does not hold: %v %+v", err, report)
	}
	if out, code := runs(t, "verify", "--key", h.Ledger.Key, path); code != 0 || !strings.Contains(out, "its quotes are as they were sent") {
		t.Errorf("winnow verify: %d\n%s", code, out)
	}
	forged := forge(t, doc, "19 below the cap", "18 below the cap")
	report, err = verify.CheckDocx(bytes.NewReader(forged), int64(len(forged)), h.key())
	if err != nil || report.OK() || len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Where, "Quote 1 of 3") {
		t.Errorf("a forged letter: %v %+v", err, report)
	}
	lie := filepath.Join(t.TempDir(), "lie.docx")
	if err := os.WriteFile(lie, forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := runs(t, "verify", "--key", h.Ledger.Key, lie); code != 1 || !strings.Contains(out, "Quote 1 of 3") {
		t.Errorf("winnow verify of a forgery: %d\n%s", code, out)
	}
}

// everything is all that the SDK still has of a conversation.
func (c *sdk) everything(r id.Room) string {
	c.Helper()
	return ask[string](c, "everything", map[string]any{"room": r})
}
