package document

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"
	"unicode/utf8"

	"winnow.org/winnow/verify"
)

// mailBlocks are the note's own blocks and what an e-mail adds to them.
func mailBlocks(n *verify.Note, f verify.Filing, e Envelope) []verify.Block {
	add := func(list []verify.Block, s string) []verify.Block {
		return append(list, verify.Block{Kind: verify.Paragraph, Text: headerText(s)})
	}
	blocks := n.Outline(f)
	if n.Folder != "" {
		blocks = add(blocks, "Filed in: "+strings.ReplaceAll(n.Folder, "/", " › "))
	}
	if e.Page != "" {
		blocks = add(blocks, "Note: "+e.Page)
	}
	return add(blocks, "If something is wrong, open the note and select “Add a correction”. Replies to this email are not added to the note.")
}

// columns is how wide lines of text are at most, where they can be broken.
const columns = 72

// mailText is the e-mail as text. What somebody said starts with the time and their name; its further lines are indented, so
// that no message can look like another one.
func mailText(blocks []verify.Block) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 && !(block.Kind == verify.Paragraph && blocks[i-1].Name == verify.NameCaption) {
			b.WriteByte('\n')
		}
		switch block.Kind {
		case verify.Title:
			fill(&b, "", block.Text)
		case verify.Heading:
			fill(&b, "", block.Text)
			b.WriteString(strings.Repeat("-", min(columns, utf8.RuneCountInString(block.Text))) + "\n")
		case verify.Table:
			tableText(&b, block)
		default:
			fill(&b, "", block.Text)
		}
	}
	return b.String()
}

func tableText(b *strings.Builder, t verify.Block) {
	for i, r := range t.Rows {
		if t.Name == verify.NameQuotes && i > 0 {
			b.WriteByte('\n')
		}
		fill(b, "    ", rowText(t.Name, r))
	}
}

// rowText is a row of a table as lines of text.
func rowText(table string, r verify.Row) string {
	switch {
	case table == verify.NameQuotes && len(r.Cells) == 4 && r.Gap:
		return "[" + r.Cells[0] + ": " + r.Cells[3] + "]"
	case table == verify.NameQuotes && len(r.Cells) == 4:
		return r.Cells[1] + " " + r.Cells[2] + ": " + r.Cells[3]
	case table == verify.NameFacts && len(r.Cells) == 2 && strings.Contains(r.Cells[1], "\n"):
		return r.Cells[0] + ":\n" + r.Cells[1]
	case table == verify.NameFacts && len(r.Cells) == 2:
		return r.Cells[0] + ": " + r.Cells[1]
	}
	var parts []string
	for _, c := range r.Cells {
		if c != "" {
			parts = append(parts, c)
		}
	}
	return "- " + strings.Join(parts, "; ")
}

// fill writes lines of at most 72 columns, broken at spaces; a longer word stays whole, because it may be an address. All
// lines but the first start with the indent.
func fill(b *strings.Builder, indent, text string) {
	prefix := ""
	for line := range strings.SplitSeq(text, "\n") {
		for {
			head, rest := breakLine(line, columns-len(prefix))
			b.WriteString(strings.TrimRight(prefix+head, " ") + "\n")
			prefix = indent
			if rest == "" {
				break
			}
			line = rest
		}
	}
}

// breakLine cuts a line at its last space within width characters, or else at its first space.
func breakLine(line string, width int) (head, rest string) {
	cut, column := -1, 0
	for i, r := range line {
		if column > width && cut >= 0 {
			break
		}
		if r == ' ' && strings.TrimLeft(line[:i], " ") != "" {
			cut = i
		}
		column++
	}
	if column <= width || cut < 0 {
		return line, ""
	}
	return line[:cut], strings.TrimLeft(line[cut:], " ")
}

// mailHTML is the e-mail as HTML: one column, nothing that is loaded from elsewhere, each line with its own reading direction.
func mailHTML(n *verify.Note, blocks []verify.Block) ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Title  string
		Blocks []verify.Block
	}{headerText(n.Title), blocks})
	return b.Bytes(), err
}

var page = template.Must(template.New("mail").Funcs(template.FuncMap{
	"lines": func(s string) []string { return strings.Split(s, "\n") },
	"words": func(s string) string { return s[:strings.LastIndexByte(s, ' ')+1] },
	"link": func(s string) string {
		address := s[strings.LastIndexByte(s, ' ')+1:]
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return ""
		}
		return address
	},
	"cell": func(r verify.Row, i int) string {
		if i < len(r.Cells) {
			return r.Cells[i]
		}
		return ""
	},
	"cut": func(s string) [2]string { // a name and what follows it
		name, _, _ := strings.Cut(s, ", ")
		return [2]string{name, s[len(name):]}
	},
	"row": rowText,
	"is":  func(b verify.Block, kind string) bool { return kinds[kind] == b.Kind },
}).Parse(pageText))

var kinds = map[string]verify.BlockKind{"title": verify.Title, "heading": verify.Heading, "table": verify.Table}

const pageText = `<!DOCTYPE html>
<html lang="en-GB">
<head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font-family:Arial,sans-serif;line-height:1.45">
{{range .Blocks -}}
{{if is . "title"}}<h1 dir="auto" style="font-size:1.5em;margin:0 0 12px">{{.Text}}</h1>
{{else if is . "heading"}}<h2 dir="auto" style="font-size:1.1em;margin:18px 0 6px">{{.Text}}</h2>
{{else if is . "table"}}{{$name := .Name}}{{range .Rows -}}
{{if and (eq $name "quotes") .Gap}}<p style="color:#47555a;margin:9px 0">{{row $name .}}</p>
{{else if eq $name "quotes"}}<blockquote style="margin:0 0 9px;padding:2px 0 2px 11px;border-left:4px solid #b26a00">
<div dir="auto">{{with cut (cell . 2)}}<b>{{index . 0}}</b>{{index . 1}}{{end}}, {{cell . 1}}</div>
{{range lines (cell . 3)}}<div dir="auto">{{or . "\u00a0"}}</div>
{{end}}</blockquote>
{{else if eq $name "facts"}}<div style="margin:0 0 4px"><b>{{cell . 0}}</b>{{range lines (cell . 1)}}<div dir="auto">{{.}}</div>{{end}}</div>
{{else}}<p dir="auto" style="margin:0 0 4px">{{row $name .}}</p>
{{end}}{{end}}
{{- else}}<p dir="auto" style="margin:0 0 9px">{{if link .Text}}{{words .Text}}<a href="{{link .Text}}">{{link .Text}}</a>{{else}}{{.Text}}{{end}}</p>
{{end}}{{end}}</body>
</html>
`
