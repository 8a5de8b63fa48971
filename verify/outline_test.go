package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"winnow.org/winnow/verify"
)

// text writes blocks one line each, and rows of tables one line each.
func text(blocks []verify.Block) string {
	var b strings.Builder
	kinds := map[verify.BlockKind]string{verify.Title: "TITLE", verify.Heading: "H", verify.Paragraph: "P", verify.Table: "TABLE"}
	for _, block := range blocks {
		fmt.Fprintln(&b, strings.TrimSpace(kinds[block.Kind]+" "+block.Text+strings.Join(block.Head, " | ")))
		for _, r := range block.Rows {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(strings.Join(r.Cells, " | "), "\n", "⏎"))
		}
	}
	return b.String()
}

func TestOutline(t *testing.T) {
	n := sample(t, 2, 4, 5)
	got := text(n.Outline(verify.Filing{Fingerprint: [32]byte{0x7d, 0x1c, 31: 0xe8}, Entry: 18231}))
	const want = `P Note for the record N-2026-0417
TITLE Small-harbour cap raised to £400,000
TABLE
  Organisation | Department for Coasts and Waterways
  Marking | OFFICIAL
  Conversation | Resilience fund
  Session started | 10 November 2026, 9:02am (chat, history off)
  People present | Amara Nwosu, Senior policy adviser⏎Priya Raman, Private secretary⏎Rhys Pembrey, Deputy director
  Written by | Amara Nwosu, Senior policy adviser, 10 November 2026, 11:06am
H What was decided, and why
P The Minister agreed to raise the cap.
P Cost: £3.2 million over 2 years.
P Decided by: The Minister
P Authority: Delegated budget, 2026
H Actions
TABLE Action | Who | When
  Clear it with Treasury | Dougal Innes | Thursday
H What was said
TABLE Message | Time | Name and role | Words
  1 |  |  | 1 message left out
  2 | 9:04am | Amara Nwosu, Senior policy adviser | Raising the cap to £400,000 costs £3.2 million more over 2 years.
  3 |  |  | 1 message left out
  4 | 9:06am | Priya Raman, Private secretary | The Minister has read the draft. She is content to raise the small-harbour cap to £400,000.
  5 | 9:07am | Amara Nwosu, Senior policy adviser | Does it say <up to> & "no more"?⏎Yes:⏎⏎  up to
  6 to 8 |  |  | 3 messages left out
P Messages 2, 4 and 5 of 8, exactly as sent. The other 5 were left out.
H How to check this note
P Session and certificate: https://chat.dcw.example/sessions/S-7Q4K-2MXD
P Public log entry: 18,231
P Fingerprint: 7d1c 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 00e8
P Run: winnow verify FILE.docx
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestOutlineSays(t *testing.T) {
	for _, c := range []struct {
		name   string
		quotes []int
		change func(n *verify.Note)
		want   string
	}{
		{"one quote", []int{3}, nil, "P Message 3 of 8, exactly as sent. The other 7 were left out."},
		{"all but one", []int{1, 2, 3, 4, 5, 6, 7}, nil, "The other 1 was left out."},
		{"all", []int{1, 2, 3, 4, 5, 6, 7, 8}, nil, "P All 8 messages that the session had when this note was filed. None was left out."},
		{"none", nil, nil, "P This note quotes none of the 8 messages that the session had when it was filed."},
		{"no session", nil, func(n *verify.Note) { n.Session = verify.Session{} }, "P This note quotes no messages."},
		{"automatic", []int{1}, func(n *verify.Note) { n.Automatic, n.Summary = true, "" }, "Written by | Nobody. The messages were marked for the record and no one filed them, so they were filed when the session ended, 10 November 2026, 11:06am"},
		{"no summary", []int{1}, func(n *verify.Note) { n.Summary = " \n " }, "P Nobody wrote a summary."},
		{"a correction", []int{1}, func(n *verify.Note) { n.Version, n.Replaces = 2, "N-2026-0400" }, "P Note for the record N-2026-0417, version 2\n"},
		{"what it corrects", []int{1}, func(n *verify.Note) { n.Version, n.Replaces = 2, "N-2026-0400" }, "  Corrects | N-2026-0400\n"},
		{"handling", []int{1}, func(n *verify.Note) { n.Marking, n.Handling = "OFFICIAL-SENSITIVE", "PERSONAL" }, "  Marking | OFFICIAL-SENSITIVE PERSONAL\n"},
		{"the next day", []int{2}, func(n *verify.Note) { n.Quotes[0].Time += 24 * 3_600_000 }, "| 9:04am, 11 November 2026 |"},
		{"in summer time", []int{2}, func(n *verify.Note) { n.Session.Started = 1783933200000 }, "  Session started | 13 July 2026, 10:00am (chat, history off)\n"},
		{"a new wording", []int{2}, func(n *verify.Note) { n.Quotes[0].Edits = 1 }, "⏎(new wording of message 1)\n"},
		{"a control character", []int{2}, func(n *verify.Note) { n.Quotes[0].Text = "a\x1b[31mb\r\nc\u2028d\x00" }, "| a\uFFFD[31mb⏎c⏎d\uFFFD\n"},
		{"a title of two lines", []int{2}, func(n *verify.Note) { n.Title = "a\n b" }, "TITLE a b\n"},
		{"somebody without a name", []int{2}, func(n *verify.Note) { n.Quotes[0].Sender = verify.Person{ID: "@x:y"} }, "| @x:y |"},
	} {
		n := sample(t, c.quotes...)
		if c.change != nil {
			c.change(n)
		}
		if got := text(n.Outline(verify.Filing{})); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

func TestWords(t *testing.T) {
	for content, want := range map[string]string{
		`{"body":"a <b> \u00e9"}`: "a <b> é",
		`{"body":"* a","m.new_content":{"body":"a"},"m.relates_to":{"rel_type":"m.replace","event_id":"$x"}}`: "a",
		`{"body":"* a","m.new_content":{"body":"a"}}`:                                                         "* a",
		`{"body":""}`:             "",
		`{"body":"a","Body":"b"}`: "a",
		`{"body":"a","body":"b"}`: "b",
		`{"body":"* a","m.new_content":{"body":"a","BODY":"b"},"m.relates_to":{"rel_type":"m.replace","Rel_type":"x"}}`: "a",
		`{"body":"a","m.relates_to":3}`: "a",
	} {
		if got, err := verify.Words([]byte(content)); err != nil || got != want {
			t.Errorf("%s says %q, %v", content, got, err)
		}
	}
	for _, content := range []string{``, `null`, `{}`, `[]`, `{"body":1}`, `{"BODY":"a"}`, `{"body":"a"} x`} {
		if got, err := verify.Words([]byte(content)); err == nil {
			t.Errorf("%s says %q", content, got)
		}
	}
}

func TestParseNoteIsStrict(t *testing.T) {
	good := string(manifest(t, sample(t, 2)))
	if _, err := verify.ParseNote([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"a space":          good + " ",
		"unknown member":   strings.Replace(good, `{`, `{"x":1,`, 1),
		"a member twice":   strings.Replace(good, `"version":1`, `"version":1,"version":1`, 1),
		"null for a list":  strings.Replace(good, `"proof":[`, `"proof":null,"y":[`, 1),
		"another format":   strings.Replace(good, "note/v1", "note/v2", 1),
		"no title":         strings.Replace(good, `"title":"Small-harbour cap raised to £400,000"`, `"title":""`, 1),
		"a long title":     strings.Replace(good, "Small-harbour", strings.Repeat("S", verify.MaxTitle), 1),
		"broken UTF-8":     strings.Replace(good, "Small-harbour", "Small\xff", 1),
		"escaped for HTML": strings.Replace(good, "Small-harbour", `Small\u003c`, 1),
		"a short root":     strings.Replace(good, `"root":"`, `"root":"AAAA`, 1),
		"too large":        good + strings.Repeat(" ", verify.MaxManifest),
	} {
		if s == good {
			t.Errorf("%s changes nothing", name)
		}
		if _, err := verify.ParseNote([]byte(s)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPrintedReportIsSafe(t *testing.T) {
	n := sample(t, 2)
	n.Title = "x\x1b]0;owned\x07 \u202Egpj"
	f, _ := docxOf(t, n, published(t, n))
	_, v, _ := key(t, origin)
	r, err := f.check(t, v)
	if err != nil || !r.OK() {
		t.Fatalf("%v, %+v", err, r)
	}
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e") || !strings.Contains(out.String(), "The note is as it was filed") {
		t.Errorf("the report:\n%q", out.String())
	}
}
