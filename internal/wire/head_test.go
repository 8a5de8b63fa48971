package wire

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// Where wire says that a head ends, net/http must stop reading: a byte more would be text in its buffer, a byte less
// would be lost. However the bytes are cut, the answer is the same.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\nsecret", "POST /a HTTP/1.1\nHost: x\nContent-Length: 3\n\nsecret", "GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n \r\n\r\nx", "GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\n\n", "GET / HTTP/1.1\n\r\n",
		"GET / HTTP/1.1\r\r\n\r\n", "GET / HTTP/1.1\r\nA:b\r\n\r\r\n\r\n", "GETT /", "DELETE /x\r\n\r\n", "PUT /", "", "\r\nGET / HTTP/1.1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n\r\n", "HEAD /", "PATCH / HTTP/1.1\r\n\t\r\n\r\n",
	} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, all string, step uint8) {
		var whole head
		n, done, ok := whole.feed([]byte(all))

		var cut head
		at, cutDone, cutOK := 0, false, true
		for at < len(all) && cutOK && !cutDone {
			var m int
			m, cutDone, cutOK = cut.feed([]byte(all[at:min(len(all), at+int(step)+1)]))
			at += m
		}
		if ok != cutOK || ok && (done != cutDone || n != at) {
			t.Fatalf("whole: %d %v %v; in pieces: %d %v %v", n, done, ok, at, cutDone, cutOK)
		}

		if strings.HasPrefix(all, "\r") || strings.HasPrefix(all, "\n") {
			return // net/http bears them after a POST only
		}
		r := bufio.NewReaderSize(strings.NewReader(all), len(all)+16)
		_, err := http.ReadRequest(r)
		if err != nil || !ok {
			return // net/http closes the connection; what wire refuses it never sees
		}
		if used := len(all) - r.Buffered(); !done || n != used {
			t.Fatalf("net/http read %d bytes, wire cut at %d (done %v)", used, n, done)
		}
	})
}
