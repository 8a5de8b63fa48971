package note

import "context"

// Drive is a place for files. Nothing on it is ever changed or deleted through this interface. Package drive fills it.
//
// Folders are names with slashes between them, "Resilience fund/Round 2"; an empty folder is the drive's top. Errors of Put
// and Check are fault.Unavailable where a later try may work, with words for the person who can mend it; they never hold a
// folder's or a file's name.
type Drive interface {
	// Put creates a file and returns when its bytes are durable and have been read back. The folder is made if it is missing.
	// If a file of that name is there with the same bytes, that is success, so a Put may be tried again; if
	// it has others, the error is fault.Conflict and nothing changes.
	Put(ctx context.Context, folder, name string, data []byte) error

	// Check reads a file and returns the SHA-256 hash and the number of its bytes. The error is fault.NotFound if there is none.
	Check(ctx context.Context, folder, name string) (sum [32]byte, size int64, err error)

	// Safe reports whether the drive takes a folder and a file of these names; an empty name asks for the folder alone. The
	// error is fault.Invalid and says what is wrong.
	Safe(folder, name string) error
}
