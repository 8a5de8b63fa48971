package vault

// depth is how much stack Scrub cleans, in bytes: more than the text-handling code of this project uses below a call.
const depth = 8 << 10

// Scrub calls f between two cleanings of the goroutine's stack.
//
// The cleaning before makes the stack as large as f will need: Go grows a stack by copying it and never wipes the old
// one, so it must not have to grow while text is in registers and spilled words. The cleaning after overwrites what f
// has left in the dead part. f should use less than 8 KiB of stack.
func Scrub(f func()) {
	scrub()
	f()
	scrub()
}

//go:noinline
func scrub() {
	var b [depth]byte
	sink(&b)
}

//go:noinline
func sink(b *[depth]byte) { clear(b[:]) }
