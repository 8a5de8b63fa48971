package wire

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"runtime"
	"strings"
)

// errorLog is what net/http may write to. Its lines can quote requests and values of panics, so only those that are
// known to be harmless are passed on; of the others the log learns that there was one.
func errorLog(l *slog.Logger) *log.Logger { return log.New(filter{l}, "", 0) }

type filter struct{ log *slog.Logger }

var harmless = [][]byte{
	[]byte("http: Accept error"),
	[]byte("http: superfluous response.WriteHeader call"),
	[]byte("http: response.WriteHeader on hijacked connection"),
}

func (f filter) Write(line []byte) (int, error) {
	for _, p := range harmless {
		if bytes.HasPrefix(line, p) {
			f.log.Warn("net/http: " + strings.TrimSpace(string(line)))
			return len(line), nil
		}
	}
	f.log.Warn("net/http reported a problem; its words are withheld because they may quote a request")
	return len(line), nil
}

// panicType describes the value of a panic without its content. What the runtime itself says (an index out of range, a nil
// pointer) is harmless.
func panicType(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}

// frames lists the functions on the stack of a panic, without their arguments.
func frames() []string {
	pc := make([]uintptr, 32)
	list := runtime.CallersFrames(pc[:runtime.Callers(4, pc)])
	var out []string
	for {
		f, more := list.Next()
		out = append(out, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more || strings.HasPrefix(f.Function, "net/http.") {
			return out
		}
	}
}
