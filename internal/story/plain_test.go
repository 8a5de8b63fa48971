package story_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"winnow.org/winnow/verify"
)

// TestStoryWithoutScript is the main job in a browser that runs no script: every page is a complete one.
func TestStoryWithoutScript(t *testing.T) {
	h := openHouse(t)
	s := h.sit(openBrowser(t), "amara")
	s.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	s.signIn()
	chat := "/chat/" + url.PathEscape(string(h.room(fund)))
	s.open(chat)
	s.sees("that no script runs", `!document.documentElement.classList.contains("scripted") && document.querySelector("noscript a, .reload a")`)
	gone := word()
	words := func(text string) {
		t.Helper()
		s.fill("#m", text)
		s.click("#send .btn")
		s.sees("“"+text+"”", message(text))
	}
	words("Dredging starts on Monday. " + gone)
	words(decided)
	s.click(fmt.Sprintf(`[id=%q] .act`, "m-"+s.text(message(decided)+".dataset.id")))
	s.sees("what can be done", `document.querySelector("h1").textContent === "Actions for this message"`)
	s.click(`form[action$="/mark"] button`)
	s.sees("the mark", message(decided)+`?.textContent.includes("marked by you")`)
	s.click(".conv__end button")
	s.sees("when it ends", `document.getElementById("dock")?.textContent.includes("Ends at 9:15am")`)
	s.click("#dock a")
	s.sees("the first page", `document.querySelector("[name=step]")?.value === "choose" && document.querySelectorAll("input[type=checkbox]").length === 2 && document.querySelectorAll("input:checked").length === 1`)
	s.click(`button[value="next"]`)
	s.sees("the second page", `document.querySelector("[name=step]")?.value === "write"`)
	s.fill("#title", "")
	s.js(`document.getElementById("title").value = ""`)
	s.click(`button[value="file"]`)
	s.sees("what is missing", `document.querySelector(".govuk-error-summary")?.textContent.includes("title")`)
	s.fill("#title", "The cap for small harbours")
	s.fill("#summary", "Agreed by the Minister.")
	s.fill("#a0w", "Tell the bidders")
	s.click(`button[value="add-action"]`)
	s.sees("room for another action", `document.querySelectorAll("[name=action_what]").length === 2 && document.getElementById("title").value === "The cap for small harbours"`)
	s.click(`button[value="file"]`)
	s.sees("the note", `document.querySelector(".success")?.textContent.includes("Note filed")`)
	s.sees("what it says", `["Agreed by the Minister.", "Tell the bidders", "Exactly as sent", `+quote(decided)+`].every(w => document.getElementById("main").textContent.includes(w))`)

	// Everybody who took part has answered by filing, so the session is over.
	s.open(chat)
	s.sees("the receipt", `document.querySelector(".receipt")?.textContent.includes("Session ended 9:00am") && !document.documentElement.outerHTML.includes("`+gone+`")`)
	s.js(`document.querySelector('.receipt a[href^="/certificates/"]').click()`)
	s.sees("the certificate", `document.getElementById("main").textContent.includes("This certificate is genuine") && document.getElementById("main").textContent.includes("2 sent = 1 kept + 1 deleted")`)
	doc := read(t, h.filed(".docx", 1)[0])
	if report, err := verify.CheckDocx(bytes.NewReader(doc), int64(len(doc)), h.key()); err != nil || !report.OK() {
		t.Errorf("the document does not hold: %v %+v", err, report)
	}
	h.audit()
	if strings.Contains(h.logs.String(), gone) {
		t.Error("the log says what was said")
	}
}
