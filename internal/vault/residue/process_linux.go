package residue

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// Process searches all memory of a process that is present: every mapping in /proc/PID/maps, whatever its protection,
// page by page as /proc/PID/pagemap says. It needs the right to trace the process, which must be dumpable
// (prctl(2), PR_SET_DUMPABLE) unless the caller is root.
func (s *Search) Process(pid int) (Result, error) {
	var r Result
	dir := fmt.Sprintf("/proc/%d/", pid)
	maps, err := os.Open(dir + "maps")
	if err != nil {
		return r, err
	}
	defer maps.Close()
	mem, err := os.Open(dir + "mem")
	if err != nil {
		return r, err
	}
	defer mem.Close()
	pages, err := os.Open(dir + "pagemap")
	if err != nil {
		return r, err
	}
	defer pages.Close()

	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			return r, err
		}
		name := "anonymous"
		if f := strings.Fields(lines.Text()); len(f) > 5 {
			name = f[5]
		}
		if name == "[vvar]" || name == "[vsyscall]" || name == "[vvar_vclock]" {
			continue // the kernel's, not readable
		}
		if err := s.mapping(&r, mem, pages, from, to, name); err != nil {
			return r, err
		}
	}
	return r, lines.Err()
}

const page = 4096

// mapping searches one mapping: runs of present pages, in pieces that overlap by the longest pattern.
func (s *Search) mapping(r *Result, mem, pages io.ReaderAt, from, to uint64, name string) error {
	const most = 1 << 20
	buf := make([]byte, most+longest)
	defer clear(buf)
	entries := make([]byte, 8*(to-from)/page)
	if n, err := pages.ReadAt(entries, int64(from/page*8)); err != nil && err != io.EOF {
		return err
	} else {
		entries = entries[:n/8*8]
	}
	present := func(a uint64) bool {
		i := (a - from) / page * 8
		return i < uint64(len(entries)) && binary.LittleEndian.Uint64(entries[i:])>>62 != 0 // present or swapped
	}
	for a := from; a < to; {
		if !present(a) {
			a += page
			continue
		}
		end := a
		for end < to && end-a < most && present(end) {
			end += page
		}
		want := end - a
		if end < to && present(end) {
			want += longest
		}
		n, err := mem.ReadAt(buf[:want], int64(a))
		if n == 0 && err != nil {
			a = end // gone, or not to be read (a device, a secret mapping)
			continue
		}
		s.Bytes(r, buf[:n], int(end-a), a, name)
		r.Bytes += int64(min(uint64(n), end-a))
		a = end
	}
	return nil
}
