package drive

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"winnow.org/winnow/internal/fault"
)

// Folder is a drive in a folder of this machine, which may be a mounted share. Its file system must have hard links: they
// are what makes a file appear whole or not at all, and never in another one's place.
type Folder struct {
	Path string // must exist: a share that is not mounted must not be written beside
}

// Put implements note.Drive.
func (f Folder) Put(ctx context.Context, folder, name string, data []byte) error {
	root, err := f.open(ctx, folder, name)
	if err != nil {
		return err
	}
	defer root.Close()
	dir, file := under(folder), path.Join(under(folder), name)
	if err := mkdirs(root, dir); err != nil {
		return f.explain(err)
	}
	switch err := create(root, dir, file, data); {
	case errors.Is(err, fs.ErrExist): // perhaps ours, from a try whose success nobody heard of
	case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.EMLINK):
		return fault.New(fault.Unavailable, "The drive %s has no hard links, so a record could be lost or overwritten there. "+
			"Use a folder on a file system that has them, such as ext4, XFS or NTFS", f.Path).Because(bare(err))
	case err != nil:
		return f.explain(err)
	}
	if err := syncDir(root, dir); err != nil {
		return f.explain(err)
	}
	sum, _, err := hash(root, file)
	if err != nil {
		return f.explain(err)
	}
	if sum != sha256.Sum256(data) {
		return fault.New(fault.Conflict, "Another file with this name is in the folder already. Nothing was overwritten. Move that file, and the note is saved at the next try")
	}
	return nil
}

// Check implements note.Drive.
func (f Folder) Check(ctx context.Context, folder, name string) (sum [32]byte, size int64, err error) {
	root, err := f.open(ctx, folder, name)
	if err != nil {
		return sum, 0, err
	}
	defer root.Close()
	sum, size, err = hash(root, path.Join(under(folder), name))
	if errors.Is(err, fs.ErrNotExist) {
		return sum, 0, fault.New(fault.NotFound, "The file is not on the drive any more. Look for it where files of this folder are moved to")
	}
	return sum, size, f.explain(err)
}

func (f Folder) open(ctx context.Context, folder, name string) (*os.Root, error) {
	if name == "" {
		return nil, fault.New(fault.Invalid, "The file has no name")
	}
	if err := errors.Join(ctx.Err(), Safe(folder, name)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.Path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fault.New(fault.Unavailable, "The folder %s is not there. Check that the drive is connected, or set another folder", f.Path).Because(bare(err))
	}
	return root, f.explain(err)
}

// under is a folder as os.Root wants it.
func under(folder string) string {
	if folder == "" {
		return "."
	}
	return folder
}

// mkdirs makes a folder durably: each new entry is synced with the folder that holds it.
func mkdirs(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	parent := path.Dir(dir)
	if err := mkdirs(root, parent); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o770); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(root, parent)
}

// create writes and syncs a file under a name of its own and then links it to the right one, which fails with fs.ErrExist if
// that is taken.
func create(root *os.Root, dir, file string, data []byte) error {
	part := path.Join(dir, ".winnow-"+rand.Text()+".part")
	w, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o660)
	if err != nil {
		return err
	}
	defer root.Remove(part)
	_, err = io.Copy(w, bytes.NewReader(data))
	if err == nil {
		err = w.Sync()
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	return root.Link(part, file)
}

func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func hash(root *os.Root, file string) (sum [32]byte, size int64, err error) {
	r, err := root.Open(file)
	if err != nil {
		return sum, 0, err
	}
	defer r.Close()
	h := sha256.New()
	size, err = io.Copy(h, r)
	return [32]byte(h.Sum(nil)), size, err
}

// explain gives the operating system's error words for whoever looks after the drive.
func (f Folder) explain(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	words := "The drive %s reported an error. Check the drive. Saving is tried again by itself"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		words = "The drive %s is full. Free some space, and saving goes on by itself"
	case errors.Is(err, syscall.EROFS):
		words = "The drive %s can only be read. Make it writable, and saving goes on by itself"
	case errors.Is(err, fs.ErrPermission):
		words = "Winnow may not write to the drive %s. Give its user the right to, and saving goes on by itself"
	case errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.EHOSTDOWN),
		errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, syscall.EIO):
		words = "The drive %s does not answer. Check that it is connected, and saving goes on by itself"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		words = "On the drive %s a file stands where a folder should be, or the other way round. Move it, and saving goes on by itself"
	}
	return fault.New(fault.Unavailable, words, f.Path).Because(bare(err))
}

// bare is an error without the path that it happened at: file names hold titles, and errors reach the log.
func bare(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return nil
}
