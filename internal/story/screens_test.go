//go:build screens

package story_test

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"winnow.org/winnow/internal/winnowtest"
)

// album takes pictures for people who look before they install.
type album struct {
	*seat
	dir string
}

func (a *album) look(width, height int64, theme string) {
	a.Helper()
	a.do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

func (a *album) laptop()      { a.look(1280, 800, "light") }
func (a *album) laptopNight() { a.look(1280, 800, "dark") }
func (a *album) phone()       { a.look(390, 844, "light") }
func (a *album) phoneNight()  { a.look(390, 844, "dark") }

func (a *album) take(name string) {
	a.Helper()
	a.sees("the letters", `document.fonts.status === "loaded"`)
	b := must(chromedp.Run(a.ctx, chromedp.CaptureScreenshot()))(a.house)
	picture := must(png.Decode(bytes.NewReader(b)))(a.house)
	var small bytes.Buffer
	must(0, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few(picture)))(a.house)
	must(0, os.WriteFile(filepath.Join(a.dir, name+".png"), small.Bytes(), 0o644))(a.house)
}

// few draws a picture with its 256 most frequent colours, which halves its file and is hard to see on pages.
func few(in image.Image) image.Image {
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(in.At(x, y)).(color.RGBA) }
	box := in.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	order := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return cmp.Compare(count[b], count[a]) })
	var palette color.Palette
	for _, c := range order[:min(256, len(order))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}

// both takes a page on a laptop and on a phone.
func (a *album) both(name, path string) {
	a.Helper()
	a.laptop()
	a.open(path)
	a.take(name)
	a.phone()
	a.take(name + "-phone")
}

// TestScreens plays the demonstration and takes the pictures of docs/screens: make screens.
func TestScreens(t *testing.T) {
	clock := winnowtest.NewClock()
	clock.Advance(-100 * 24 * time.Hour)
	h := openHouseAt(t, clock)
	dir := os.Getenv("SCREENS")
	if dir == "" {
		dir = "../../docs/screens"
	}
	a := &album{h.sit(openBrowser(t), "amara"), dir}
	fund, team, direct := h.room(fund), h.room("Harbours team"), h.room("Priya Raman")
	quay := h.group("dougal", "North Quay response cell", "Harbours/North Quay", "amara", "sian", "marek")
	desk := h.group("priya", "Private office desk", "Private office/Desk", "amara", "idris", "helen")
	sian := h.group("sian", "", "Communications", "amara")
	marek := h.group("marek", "", "Analysis", "amara")
	h.pasts(time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC), []circle{{fund, []string{"rhys", "amara", "priya", "marek"}},
		{team, []string{"amara", "rhys", "dougal"}}, {quay, []string{"dougal", "amara", "sian"}}, {desk, []string{"priya", "idris", "helen"}},
		{direct, []string{"priya", "amara"}}, {sian, []string{"sian", "amara"}}, {marek, []string{"marek", "amara"}}})

	a.both("sign-in", "/sign-in")
	a.laptop()
	a.signIn()

	h.say("sian", sian, "The release is on your desk.", "")
	h.say("amara", sian, "Thanks, that reads well", "")
	h.pass(2 * time.Minute)
	h.say("rhys", fund, "Morning all. Round 2 goes to the Minister’s box today, so let us settle the cap.", "")
	h.pass(3 * time.Minute)
	numbers := h.say("marek", fund, "Small-harbour numbers are final: 41 eligible, 27 under 50 berths.", "")
	h.react(fund, numbers, "👍", "rhys", "priya", "amara")
	h.pass(6 * time.Minute)
	cost := h.say("amara", fund, "Raising the cap to £400,000 costs £3.2 million more over 2 years.", "")
	h.mark("rhys", fund, cost)
	h.seen(fund, "rhys", "priya", "idris", "marek", "sian", "amara")
	h.pass(13 * time.Minute)
	yes := h.say("priya", fund, "The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement.", "")
	h.mark("amara", fund, yes)
	h.say("dougal", quay, "The diver’s report is due at 4pm.", "")
	h.seen(quay, "amara")
	h.pass(2 * time.Minute)
	h.say("idris", fund, "Good. Can the lines say “up to £400,000”?", yes)
	h.seen(fund, "amara")
	h.say("marek", team, "Room 3.14 is free until 11", "")
	h.say("rhys", team, "Taken, thank you", "")
	h.pass(3 * time.Minute)
	h.say("priya", direct, "Box closes at 5:30pm today, can you check the annex?", "")
	h.pass(2 * time.Minute)
	h.say("sian", fund, "Yes. Lines by noon. @Amara Nwosu can you check the names?", "")
	must(0, h.Sessions.Typing(t.Context(), h.who("rhys"), fund, time.Minute))(h)

	chat := "/chat/" + url.PathEscape(string(fund))
	quiet := func() { a.js(`document.activeElement.blur()`) }
	a.phone()
	a.open("/chat")
	a.take("chats-phone")
	a.laptop()
	a.open("/chat")
	a.take("chats")
	a.talk(fund)
	a.js(message("Good. Can the lines say “up to £400,000”?") + `.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}))`)
	a.take("conversation")
	a.laptopNight()
	a.take("conversation-dark")
	a.phone()
	a.talk(fund)
	quiet()
	a.take("conversation-phone")
	a.phoneNight()
	a.take("conversation-phone-dark")
	a.phone()
	a.js(message("Yes. Lines by noon. @Amara Nwosu can you check the names?") + `.querySelector("[data-actions]").click()`)
	a.sees("the actions", `document.getElementById("actions").open`)
	a.take("message-actions-phone")

	h.pass(time.Minute)
	h.say("rhys", fund, "That is all from me. Thank you, everybody.", "")
	h.seen(fund)
	h.pass(52 * time.Minute)
	a.laptop()
	a.talk(fund)
	a.sees("the dock", `document.getElementById("dock").textContent.includes("8 minutes")`)
	quiet()
	a.take("ending")
	a.phone()
	a.take("ending-phone")
	a.laptop()
	a.click("#dock [data-sheet]")
	a.sees("the sheet", `document.getElementById("sheet").open`)
	for field, words := range map[string]string{"title": "Small-harbour cap raised to £400,000", "summary": "The Minister agreed to raise the cap, because 27 of the 41 eligible harbours have fewer than 50 berths and cannot bid for less.",
		"decided_by": "Minister for Coasts", "authority": "Submission of 9 November", "a0w": "Write to the Treasury", "a0o": "Rhys Pembrey", "a0d": "13 November"} {
		a.fill("#"+field, words)
	}
	quiet()
	a.js(`document.querySelector(".sheet__col--write").scrollTop = 0`)
	a.take("record-sheet")
	a.phone()
	a.take("record-sheet-phone")
	a.js(`document.querySelector("[data-go=write]").click()`)
	a.take("record-note-phone")
	a.laptop()
	a.click("#sheet .sheet__file")
	a.sees("that it is filed", `document.getElementById("dock").textContent.includes("Note filed")`)
	a.take("note-filed")
	h.pass(16 * time.Minute)
	a.sees("the receipt", `document.querySelector(".receipt")?.textContent.includes("Note filed")`)
	a.sees("the list without a word", `!document.documentElement.outerHTML.includes("That is all")`)
	a.take("session-ended")
	a.phone()
	a.take("session-ended-phone")
	note := a.text(`document.querySelector('.receipt a[href^="/notes/"]').pathname`)
	certificate := a.text(`document.querySelector('.receipt a[href^="/certificates/"]').pathname`)
	a.both("note", note)
	a.both("certificate", certificate)
	a.both("transparency", "/transparency")
	a.laptopNight()
	a.open("/transparency")
	a.take("transparency-dark")
	a.both("certificates", "/certificates")
	a.both("notes", "/notes")
	a.laptop()
	a.open("/chat/new?q=r&person=" + url.QueryEscape(string(h.who("priya"))))
	a.take("new-chat")
	a.both("people", chat+"/people")
	a.laptop()
	a.open("/notes/N-2026-9999")
	a.take("error")

	doc, err := filepath.Glob(h.drive + "/Harbours/Resilience fund/Round 2/*Small-harbour cap raised*.docx")
	if err != nil || len(doc) != 1 {
		t.Fatal(doc, err)
	}
	pdf := office(t, "pdf", doc[0])
	if out, err := exec.Command("pdftoppm", "-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile", pdf, filepath.Join(dir, "note-document")).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}
