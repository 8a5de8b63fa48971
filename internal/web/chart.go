package web

import "fmt"

// Charts are drawn without a viewBox: heights and y in pixels, x and widths in per cent, so that words keep their size
// at any width and no style attribute is needed.

// Bar is one rectangle of a chart. Kind is "kept", "gone", "none" or "held"; Words stand inside it when there is room.
type Bar struct {
	Kind           string
	X, Y, W, H     string
	Words          string
	WordsX, WordsY string
}

// Column is one month of the first chart.
type Column struct {
	Bars   []Bar
	Label  string
	Middle string // x of the labels
	Total  int
	TotalY string
}

// Grid is one horizontal line of the first chart.
type Grid struct {
	Y, LabelY string
	Words     string
}

// Columns is the first chart: sessions by what happened.
type Columns struct {
	Grid    []Grid
	Columns []Column
}

const (
	chartBase = 190.0 // y of zero
	chartTall = 172.0 // pixels from zero to the highest line
	chartLeft = 9.0   // per cent kept for the axis
)

// Chart draws the first chart from the page's months.
func (p TransparencyPage) Chart() Columns {
	top := 0
	for _, m := range p.Months {
		top = max(top, m.All())
	}
	step := niceStep(top)
	high := step * 4
	var c Columns
	for i := range 5 {
		y := chartBase - chartTall*float64(i)/4
		c.Grid = append(c.Grid, Grid{Y: px(y), LabelY: px(y - 4), Words: thousands(step * i)})
	}
	if len(p.Months) == 0 {
		return c
	}
	slot := (100 - chartLeft) / float64(len(p.Months))
	wide := min(slot*0.72, 12)
	for i, m := range p.Months {
		x := chartLeft + slot*float64(i) + (slot-wide)/2
		col := Column{Label: m.Label, Middle: pc(x + wide/2), Total: m.All()}
		y := chartBase - 1
		for _, part := range []struct {
			kind string
			n    int
		}{{"kept", m.Noted}, {"gone", m.Routine}, {"none", m.Undecided}, {"held", m.Held}} {
			if part.n == 0 {
				continue
			}
			h := max(chartTall*float64(part.n)/float64(high)-1.5, 1.6)
			b := Bar{Kind: part.kind, X: pc(x), Y: px(y - h), W: pc(wide), H: px(h)}
			if part.kind == "kept" && h >= 16 {
				b.Words, b.WordsX, b.WordsY = thousands(part.n), pc(x+wide/2), px(y-h/2+5)
			}
			col.Bars = append(col.Bars, b)
			y -= h + 1.5
		}
		col.TotalY = px(y - 5)
		c.Columns = append(c.Columns, col)
	}
	return c
}

// niceStep is a round number of which four cover n.
func niceStep(n int) int {
	for scale := 1; ; scale *= 10 {
		for _, s := range []int{1, 2, 4, 5} {
			if s*scale*4 >= n {
				return s * scale
			}
		}
	}
}

// GroupBar is one bar of the second chart.
type GroupBar struct {
	GroupFigures
	Share            int
	NameY, BarY, InY string
	W                string
	Inside           bool // the share stands inside the bar
}

// GroupChart draws the second chart.
func (p TransparencyPage) GroupChart() []GroupBar {
	var bars []GroupBar
	for i, g := range p.Groups {
		b := GroupBar{GroupFigures: g, Share: percent(g.Noted, g.Sessions)}
		y := 17 + 52*float64(i)
		b.NameY, b.BarY, b.InY = px(y), px(y+7), px(y+22)
		b.W, b.Inside = fmt.Sprintf("%d%%", b.Share), b.Share >= 20
		bars = append(bars, b)
	}
	return bars
}

// GroupTall is the second chart's height in pixels.
func (p TransparencyPage) GroupTall() int { return 52 * len(p.Groups) }

// MessageBars is the third chart: what happened to the messages. Every kind that has any shows at least a sliver.
func (f Figures) MessageBars() []Bar {
	var parts []Bar
	var share []float64
	all := float64(f.Messages())
	if all == 0 {
		return nil
	}
	sum := 0.0
	for _, part := range []struct {
		kind string
		n    int
	}{{"kept", f.Kept}, {"gone", f.Deleted}, {"held", f.HeldMessages}} {
		if part.n == 0 {
			continue
		}
		s := max(float64(part.n)/all, 0.004)
		parts, share, sum = append(parts, Bar{Kind: part.kind}), append(share, s), sum+s
	}
	const gap = 0.35
	room := 100 - gap*float64(len(parts)-1)
	x := 0.0
	for i := range parts {
		w := room * share[i] / sum
		parts[i].X, parts[i].W = pc(x), pc(w)
		x += w + gap
	}
	return parts
}

// Bars is the certificate's bar: kept, then deleted.
func (c CertificatePage) Bars() []Bar {
	return Figures{Kept: c.Kept, Deleted: c.Deleted, HeldMessages: c.Held}.MessageBars()
}

// Finding is the heading of the first chart. It claims growth or decline only when the share of the last 3 months
// differs from that of the first 3; with fewer than 6 months it claims nothing.
func (p TransparencyPage) Finding() string {
	if n := len(p.Months); n >= 6 {
		first, last := noteShare(p.Months[:3]), noteShare(p.Months[n-3:])
		now := percent(p.Months[n-1].Noted, p.Months[n-1].All())
		switch {
		case last > first:
			return fmt.Sprintf("The share of sessions with a note has grown to %d%%", now)
		case last < first:
			return fmt.Sprintf("The share of sessions with a note has fallen to %d%%", now)
		}
	}
	return "What happened to the sessions that ended"
}

// Span says what the first chart covers.
func (p TransparencyPage) Span() string {
	if len(p.Months) == 0 {
		return ""
	}
	return "Sessions ended, by what happened, " + p.Months[0].Label + " to " + p.Months[len(p.Months)-1].Label
}

// GroupFinding is the heading of the second chart.
func (p TransparencyPage) GroupFinding() string {
	best, ties := -1, 0
	name := ""
	for _, g := range p.Groups {
		if g.Few {
			continue
		}
		switch s := percent(g.Noted, g.Sessions); {
		case s > best:
			best, ties, name = s, 0, g.Name
		case s == best:
			ties++
		}
	}
	if best <= 0 || ties > 0 || len(p.Groups) < 2 {
		return "Sessions with a note, by who took part"
	}
	return "Sessions with " + lowerFirst(name) + " leave a note most often"
}

func noteShare(months []MonthFigures) float64 {
	noted, all := 0, 0
	for _, m := range months {
		noted, all = noted+m.Noted, all+m.All()
	}
	if all == 0 {
		return 0
	}
	return float64(noted) / float64(all)
}

func px(v float64) string { return fmt.Sprintf("%.1f", v) }
func pc(v float64) string { return fmt.Sprintf("%.2f%%", v) }
