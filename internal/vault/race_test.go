//go:build race

package vault

// raced says that the race detector watches: its own copies of memory make a search of memory slow and pointless.
const raced = true
