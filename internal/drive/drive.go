// Package drive puts filed notes where a public body keeps its records.
package drive

import "winnow.org/winnow/internal/note"

var _ note.Drive = Folder{}

// Safe implements note.Drive: every drive takes the same names, so that files can move from one to another.
func (f Folder) Safe(folder, name string) error { return Safe(folder, name) }
