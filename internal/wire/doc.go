// Package wire stands between the network and net/http, so that the text of messages never rests in the buffers of
// net/http or crypto/tls. It is the only package where text and net/http meet.
//
// # Why it exists
//
// net/http reads a connection through a 4 KiB buffer and writes it through two more; they live as long as the connection
// and keep the last message that passed, for hours, on every idle keep-alive connection. crypto/tls decrypts
// a record in place and leaves it there until the next one comes. The pools behind io.Discard and io.Copy, and the texts
// of parse errors, do the same. Sealing what the application stores does not help against any of these.
//
// # What it does
//
// Incoming. The listener hands net/http a connection that gives it the head of each request only. What follows the head
// is moved into a buffer of package vault and wiped where it stood. The handler takes the body from there, and from the
// socket, with [TakeBody] into a buffer of its own; net/http then reads as many zeros, so that its framing stays right.
// A body that nobody takes reaches net/http as zeros too. [AllowBody] is for requests that hold no content, such as a
// sign-in. Each read first clears the slice that it is given: that is the buffer with what was read before. Under
// crypto/tls, records are handed over one at a time, and the last one is cleared before the next read can block.
// The first bytes of a head must be a method and a path: text that a wrong Content-Length has put in the place of a head
// is never parsed.
//
// Outgoing. [Send] and [Stream] write a response into a buffer of package vault. net/http writes the head, which wire holds
// back, and then hands over the connection: its ResponseWriter's ReadFrom calls the connection's ReadFrom directly,
// around all buffers, once the head is flushed and the length is known. Head and body leave in one write.
// The reader that net/http is given fails when it is read: should a middleware, or a new version of net/http, take another
// road, the result is an error and never a leak.
//
// Time. Text that arrives early waits at most Config.ReadTimeout, a write that stalls at most Config.WriteTimeout; then
// the text is wiped and the connection closed. A response larger than a buffer is kept sealed and opened piece by piece.
//
// HTTP/1.1 only: HTTP/2 has buffers of its own. Bodies need a Content-Length: chunked ones are answered with 411.
//
// # How to use it
//
//   - A handler that receives content calls TakeBody (or [TakeParts] for an upload), seals what it took, and puts the
//     buffer back before it answers.
//   - A handler that answers with content calls Send, or opens a Stream. Inside fill it may borrow Large and Scratch
//     buffers, not Small ones: the response holds one.
//   - Everything else, such as static files, errors and state without text, uses http.ResponseWriter as usual.
//
// # Honest limits
//
// The kernel's socket buffers are out of reach. A connection keeps its TLS traffic keys while it is open. A TLS 1.3 record
// that outgrows crypto/tls's output buffer leaves a dead copy on the heap until the next run of the collector, which is
// why package vault runs it after a session's end. All this rests on how net/http and crypto/tls work inside: the
// acceptance test must pass on each new version of Go before it is used.
package wire
