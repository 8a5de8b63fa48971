package server

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"winnow.org/winnow/internal/fault"
)

// lockFolder makes sure that one server at a time uses a data folder: two would give out the same positions.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "The data folder %s cannot be written. Let this user write there, or name another with --data", dir).Because(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.New(fault.Unavailable, "Another Winnow is using the data folder %s. Stop it, or name another folder with --data", dir).Because(err)
	}
	return f, nil
}
