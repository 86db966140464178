package trail

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The names in the folder of a trail.
const (
	activeFile = "trail.jsonl" // being written
	oldPrefix  = "trail-"      // trail-000000000123.jsonl begins with line 123
	oldSuffix  = ".jsonl"
	gzSuffix   = ".gz"
	tmpSuffix  = ".tmp"
)

// maxLine bounds a line that is read, in bytes. The writer's stay below: each text is
// bounded, and there are few.
const maxLine = 4 << 20

// File is one of the files of a trail.
type File struct {
	Name   string // without the folder; may end in .gz
	First  uint64 // number of its first line, as its name says; of the active one 0
	Active bool
	dir    string
	after  uint64 // of the active one: First of the file before; 0: none
}

func oldName(first uint64) string { return fmt.Sprintf("%s%012d%s", oldPrefix, first, oldSuffix) }

// Files lists the files of the trail in dir, the oldest first. Of a file that is there
// compressed and not, as after a crash, the one that is not counts.
func Files(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []File
	active := false
	for _, e := range entries {
		name := e.Name()
		if name == activeFile {
			active = true
			continue
		}
		plain := strings.TrimSuffix(name, gzSuffix)
		number, ok := strings.CutPrefix(plain, oldPrefix)
		number, ended := strings.CutSuffix(number, oldSuffix)
		first, err := strconv.ParseUint(number, 10, 64)
		if !ok || !ended || err != nil || first == 0 || oldName(first) != plain {
			continue
		}
		list = append(list, File{Name: name, First: first, dir: dir})
	}
	slices.SortFunc(list, func(a, b File) int {
		if a.First != b.First {
			return int(min(1, max(-1, int64(a.First-b.First))))
		}
		return strings.Compare(a.Name, b.Name) // .gz behind
	})
	list = slices.CompactFunc(list, func(a, b File) bool { return a.First == b.First })
	if active {
		f := File{Name: activeFile, Active: true, dir: dir}
		if n := len(list); n > 0 {
			f.after = list[n-1].First
		}
		list = append(list, f)
	}
	return list, nil
}

// snapshots is how often snapshot tries to see the folder between two rotations.
const snapshots = 1000

// snapshot lists the files and opens the active one, so that no line is between them while
// a server writes and rotates. active is nil if there is none.
func snapshot(dir string) (old []File, active *os.File, err error) {
	name := filepath.Join(dir, activeFile)
	for range snapshots {
		active, err = os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			active, err = nil, nil // between two files, or never begun
		}
		if err != nil {
			return nil, nil, err
		}
		if old, err = Files(dir); err != nil {
			return nil, nil, errors.Join(err, closeIf(active))
		}
		if n := len(old); n > 0 && old[n-1].Active {
			old = old[:n-1]
		}
		if active == nil || stillAt(name, active) {
			return old, active, nil
		}
		_ = active.Close() // it was only read
	}
	return nil, nil, errors.New("the files of the trail change too fast to be read")
}

func closeIf(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// stillAt reports whether f has that name.
func stillAt(name string, f *os.File) bool {
	now, err := os.Stat(name)
	if err != nil {
		return false
	}
	own, err := f.Stat()
	return err == nil && os.SameFile(now, own)
}

// Open opens the file for reading its lines. A file that was compressed since it was
// listed is found all the same.
func (f File) Open() (io.ReadCloser, error) {
	plain := strings.TrimSuffix(f.Name, gzSuffix)
	if f.Name == plain {
		r, err := os.Open(filepath.Join(f.dir, plain))
		if err == nil || f.Active || !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
	}
	r, err := os.Open(filepath.Join(f.dir, plain+gzSuffix))
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		r.Close()
		return nil, err
	}
	return &unpacked{z, r}, nil
}

type unpacked struct {
	*gzip.Reader
	file *os.File
}

func (u *unpacked) Close() error { return errors.Join(u.Reader.Close(), u.file.Close()) }

var (
	errLong = errors.New("the line is longer than any that the server writes")
	errCut  = errors.New("the line has no end")
)

// Lines reads lines of bounded length.
type Lines struct {
	r   *bufio.Reader
	buf []byte
	n   int
}

// NewLines reads from r.
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(r, 64<<10)} }

// Number is that of the line that Next gave last; the first is 1.
func (l *Lines) Number() int { return l.n }

// Next gives the next line without its line end, good until the next call, and io.EOF
// behind the last. A line that is too long is passed over and is an error, as is a last
// one without its end, which is given all the same; after both one can go on.
func (l *Lines) Next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.buf)+len(part) > maxLine {
			long = true
		}
		if !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(l.buf) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		}
		l.n++
		switch {
		case long:
			return nil, errLong
		case err == io.EOF:
			return l.buf, errCut
		}
		return l.buf[:len(l.buf)-1], nil
	}
}
