package web

import (
	"bytes"
	"strings"
	"testing"
)

func splitAll(s *Slots, shell string) (literal string, order []int) {
	for piece, n := range s.Split([]byte(shell)) {
		literal += string(piece)
		if n >= 0 {
			order = append(order, n)
		}
	}
	return literal, order
}

func TestSplit(t *testing.T) {
	s, err := NewSlots(strings.NewReader("twelve bytes and more"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := string(s.New()), string(s.New())
	mark := string(s.mark)
	for _, c := range []struct {
		name, shell, literal string
		order                []int
	}{
		{"none", "<p>words</p>", "<p>words</p>", nil},
		{"empty", "", "", nil},
		{"one", "<p>" + a + "</p>", "<p></p>", []int{0}},
		{"alone", a, "", []int{0}},
		{"side by side", a + b + a, "", []int{0, 1, 0}},
		{"another rendering's", slotOpen + strings.Repeat("0", 24) + ":0" + slotClose, slotOpen + strings.Repeat("0", 24) + ":0" + slotClose, nil},
		{"a number too high", mark + "2" + slotClose + a, mark + "2" + slotClose, []int{0}},
		{"no number", mark + slotClose, mark + slotClose, nil},
		{"negative", mark + "-1" + slotClose, mark + "-1" + slotClose, nil},
		{"not closed", "x" + mark + "0", "x" + mark + "0", nil},
		{"one inside another", mark + a, mark, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			literal, order := splitAll(s, c.shell)
			if literal != c.literal || len(order) != len(c.order) {
				t.Fatalf("got %q %v, want %q %v", literal, order, c.literal, c.order)
			}
			for i := range order {
				if order[i] != c.order[i] {
					t.Errorf("got %v, want %v", order, c.order)
				}
			}
		})
	}
}

func TestSlotsDiffer(t *testing.T) {
	one, err := NewSlots(strings.NewReader("aaaaaaaaaaaa"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewSlots(strings.NewReader("bbbbbbbbbbbb"))
	if err != nil {
		t.Fatal(err)
	}
	if _, order := splitAll(two, string(one.New())); order != nil {
		t.Error("a slot of one rendering is one of another")
	}
	if _, err := NewSlots(strings.NewReader("short")); err == nil {
		t.Error("a nonce was made without randomness")
	}
}

func TestSplitStops(t *testing.T) {
	s, err := NewSlots(strings.NewReader("twelve bytes!"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range s.Split([]byte("a" + string(s.New()) + "b")) {
		n++
		break
	}
	if n != 1 {
		t.Error("it went on after break")
	}
}

// FuzzSplit: whatever the shell, every byte is either literal or part of a token that was made.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "plain", slotOpen, slotOpen + "7477656c766520627974657321:0" + slotClose, "a\x00b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, shell []byte) {
		s, err := NewSlots(strings.NewReader("twelve bytes"))
		if err != nil {
			t.Fatal(err)
		}
		slot := s.New()
		shell = append(append(bytes.Clone(shell), slot...), shell...)
		var back []byte
		for piece, n := range s.Split(shell) {
			back = append(back, piece...)
			if n == 0 {
				back = append(back, slot...)
			}
		}
		if !bytes.Equal(back, shell) {
			t.Errorf("%q came back as %q", shell, back)
		}
	})
}
