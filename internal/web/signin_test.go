package web

import "testing"

// Whoever signs in is sent on to a path of this server and to nothing that a browser takes for another one.
func TestOurs(t *testing.T) {
	for next, want := range map[string]string{
		"": "", "/notes": "/notes", "/notes?q=1": "/notes", "/chat/!r%40x": "/chat/!r%40x", "/a/%2e%2e/b": "/a/%2e%2e/b",
		"//evil.example": "", "///evil.example": "", "/%2fevil.example": "", `/\evil.example`: "", "/%5cevil.example": "", "/%09/evil.example": "", "/%0d%0aSet-Cookie:x": "", "/\t/evil.example": "",
		"https://evil.example/": "", "https:evil.example": "", "javascript:alert(1)": "", "evil": "", "/%zz": "", "/\u0085/evil.example": "",
	} {
		if got := ours(next); got != want {
			t.Errorf("next %q: %q, want %q", next, got, want)
		}
	}
}
