package web

import "testing"

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 61240: "61,240", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if percent(1, 3) != 33 || percent(2, 3) != 67 || percent(1, 0) != 0 {
		t.Error("a share is wrong")
	}
	if plural(1, "person", "people") != "1 person" || plural(1065, "person", "people") != "1,065 people" {
		t.Error("a count is wrong")
	}
}
