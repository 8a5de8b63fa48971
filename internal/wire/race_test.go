//go:build race

package wire_test

// raced says that the race detector watches: its own copies of memory make a search of memory slow and pointless.
const raced = true
