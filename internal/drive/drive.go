// Package drive puts filed notes where a public body keeps its records.
package drive

import "context"

// Drive is a place for files. Nothing on it is ever changed or deleted through this interface.
//
// Folders are names with slashes between them, "Resilience fund/Round 2"; an empty folder is the drive's top. Which
// names a drive takes is for Safe to say. Errors are fault.Unavailable where a later try may work, with words for the
// person who can mend it; they never hold a folder's or a file's name.
type Drive interface {
	// Put creates a file and returns when its bytes are durable and have been read back. The folder is made if it is missing.
	// If a file of that name is there with the same bytes, that is success, so a Put may be tried again; if
	// it has others, the error is fault.Conflict and nothing changes.
	Put(ctx context.Context, folder, name string, data []byte) error

	// Check reads a file and returns the SHA-256 hash and the number of its bytes. The error is fault.NotFound if there is none.
	Check(ctx context.Context, folder, name string) (sum [32]byte, size int64, err error)
}
