package verify

import (
	"fmt"
	"strings"
)

// Block is one part of what a note's document says. Every form of a note (page, .docx, .eml) renders the same blocks in
// the same order with the same words, and [CheckDocx] reads them back.
type Block struct {
	Kind  BlockKind
	Name  string   // what the block is for, not shown: "caption", "facts", "quotes", "actions" or empty
	Level int      // of a heading: 1 or 2
	Text  string   // of a title, heading or paragraph; one line
	Head  []string // of a table: its header row; nil where each row's first cell is its header
	Rows  []Row    // of a table
}

// BlockKind is the kind of a block.
type BlockKind int

// The kinds of blocks.
const (
	Title BlockKind = iota
	Heading
	Paragraph
	Table
)

// Row is a row of a table. Cells may hold line feeds.
type Row struct {
	Cells []string
	Gap   bool   // in "quotes": messages were left out here
	Label string // how to name the row to people, not shown: "Quote 2 of 4 (message 5, Priya Raman)"
}

// Filing is what is known of a note only once the ledger has it.
type Filing struct {
	Fingerprint [32]byte // of the manifest
	Entry       int64    // the index of the note's entry in the ledger
}

// NameFacts and the others are the names of blocks that renderers and the checker know.
const (
	NameCaption = "caption"
	NameFacts   = "facts"
	NameActions = "actions"
	NameQuotes  = "quotes"
)

// Outline returns what the note's document says. Texts have no control characters but line feeds in the cells of tables.
func (n *Note) Outline(f Filing) []Block {
	z := london()
	caption := "Note for the record " + n.Ref
	if n.Version > 1 {
		caption += fmt.Sprintf(", version %d", n.Version)
	}
	blocks := []Block{
		{Kind: Paragraph, Name: NameCaption, Text: line(caption)},
		{Kind: Title, Text: line(n.Title)},
		{Kind: Table, Name: NameFacts, Rows: n.facts(z)},
		heading("What was decided, and why"),
	}
	summary := paragraphs(n.Summary)
	if len(summary) == 0 {
		summary = []string{"Nobody wrote a summary."}
	}
	for _, p := range summary {
		blocks = append(blocks, paragraph(p))
	}
	if n.DecidedBy != "" {
		blocks = append(blocks, paragraph("Decided by: "+n.DecidedBy))
	}
	if n.Authority != "" {
		blocks = append(blocks, paragraph("Authority: "+n.Authority))
	}
	if len(n.Actions) > 0 {
		t := Block{Kind: Table, Name: NameActions, Head: []string{"Action", "Who", "When"}}
		for i, a := range n.Actions {
			t.Rows = append(t.Rows, Row{Cells: []string{line(a.What), line(a.Owner), line(a.Due)}, Label: fmt.Sprintf("Action %d", i+1)})
		}
		blocks = append(blocks, heading("Actions"), t)
	}
	blocks = append(blocks, heading("What was said"))
	if len(n.Quotes) > 0 {
		blocks = append(blocks, Block{Kind: Table, Name: NameQuotes, Head: []string{"Message", "Time", "Name and role", "Words"}, Rows: n.said(z)})
	}
	blocks = append(blocks, paragraph(n.leftOut()), heading("How to check this note"))
	if n.Session.URL != "" {
		blocks = append(blocks, paragraph("Session and certificate: "+n.Session.URL))
	}
	return append(blocks,
		paragraph("Public log entry: "+Commas(f.Entry)),
		paragraph("Fingerprint: "+FormatFingerprint(f.Fingerprint)),
		paragraph("Run: winnow verify FILE.docx"))
}

func heading(s string) Block   { return Block{Kind: Heading, Level: 1, Text: s} }
func paragraph(s string) Block { return Block{Kind: Paragraph, Text: line(s)} }

// facts are the rows of the table at the top.
func (n *Note) facts(z zone) []Row {
	var rows []Row
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, Row{Cells: []string{name, value}, Label: "The row “" + name + "” of the table at the top"})
		}
	}
	add("Organisation", line(n.Organisation))
	add("Marking", line(strings.TrimSpace(n.Marking+" "+n.Handling)))
	add("Conversation", line(n.Conversation))
	if n.Session.Started != 0 {
		add("Session started", z.date(n.Session.Started)+", "+z.clock(n.Session.Started)+" (chat, history off)")
	}
	var present []string
	for _, p := range n.Present {
		present = append(present, p.nameAndRole())
	}
	add("People present", strings.Join(present, "\n"))
	when := z.date(n.Filed) + ", " + z.clock(n.Filed)
	if n.Automatic {
		add("Written by", "Nobody. The messages were marked for the record and no one filed them, so they were filed when the session ended, "+when)
	} else {
		add("Written by", n.FiledBy.nameAndRole()+", "+when)
	}
	add("Corrects", line(n.Replaces))
	return rows
}

// said are the rows of the table of quotes, with a row for each run of messages that was left out.
func (n *Note) said(z zone) []Row {
	var rows []Row
	next := 1
	gap := func(to int) {
		if count := to - next; count > 0 && n.Session.Size > 0 {
			at := fmt.Sprint(next)
			if count > 1 {
				at = fmt.Sprintf("%d to %d", next, to-1)
			}
			rows = append(rows, Row{Gap: true, Cells: []string{at, "", "", plural(count, "message") + " left out"},
				Label: "The row that says that " + plural(count, "message") + " (" + at + ") " + wasWere(count) + " left out"})
		}
	}
	for i, q := range n.Quotes {
		gap(q.Position)
		when := z.clock(q.Time)
		if n.Session.Started == 0 || z.date(q.Time) != z.date(n.Session.Started) {
			when += ", " + z.date(q.Time)
		}
		words := block(q.Text)
		if q.Edits > 0 {
			words += fmt.Sprintf("\n(new wording of message %d)", q.Edits)
		}
		rows = append(rows, Row{Cells: []string{fmt.Sprint(q.Position), when, q.Sender.nameAndRole(), words}, Label: n.label(i)})
		next = q.Position + 1
	}
	gap(n.Session.Size + 1)
	return rows
}

// leftOut is the sentence on what the note quotes and what it does not.
func (n *Note) leftOut() string {
	var at []string
	for _, q := range n.Quotes {
		at = append(at, fmt.Sprint(q.Position))
	}
	rest := n.Session.Size - len(n.Quotes)
	switch {
	case len(at) == 0 && n.Session.Size <= 0:
		return "This note quotes no messages."
	case len(at) == 0:
		return fmt.Sprintf("This note quotes none of the %s that the session had when it was filed.", plural(n.Session.Size, "message"))
	case n.Session.Size <= 0:
		return fmt.Sprintf("This note quotes %s.", plural(len(at), "message"))
	case rest <= 0:
		return fmt.Sprintf("All %s that the session had when this note was filed. None was left out.", plural(len(at), "message"))
	case len(at) == 1:
		return fmt.Sprintf("Message %s of %d, exactly as sent. The other %d %s left out.", at[0], n.Session.Size, rest, wasWere(rest))
	}
	list := strings.Join(at[:len(at)-1], ", ") + " and " + at[len(at)-1]
	return fmt.Sprintf("Messages %s of %d, exactly as sent. The other %d %s left out.", list, n.Session.Size, rest, wasWere(rest))
}

// label names a quote to people.
func (n *Note) label(i int) string {
	q := n.Quotes[i]
	return fmt.Sprintf("Quote %d of %d (message %d, %s)", i+1, len(n.Quotes), q.Position, line(q.Sender.Name))
}

func (p Person) nameAndRole() string {
	name := p.Name
	if name == "" {
		name = p.ID
	}
	if p.Role != "" {
		name += ", " + p.Role
	}
	return line(name)
}
