package trail

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// logFile is what the store needs of a file; tests have some that fail.
type logFile interface {
	io.Writer
	Truncate(size int64) error
	Sync() error
	Close() error
}

func openFile(name string, flag int) (logFile, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	if err := adopt(name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ErrLocked is wrapped by the errors of Open and Prepare where another process writes the
// trail.
var ErrLocked = errors.New("another server writes to it")

// store is the files of a trail, being written.
type store struct {
	dir    string
	folder os.FileInfo // of dir
	key    ed25519.PrivateKey
	open   func(name string, flag int) (logFile, error)
	unlock func()

	file  logFile
	size  int64         // of what is whole in it
	first uint64        // number of its first line; 0: it is empty
	age   time.Duration // that it had when it was opened
	since time.Time     // when that was; monotonic
	dirty bool          // behind size there may be a part of a line
}

// found is what the store has found at its start.
type found struct {
	head     Head   // the last line
	previous string // the file before the active one; "": none
	event    *Event // Recovered, if something was wrong
}

func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return adopt(dir)
}

// openStore finds out where the trail ends, and mends its end.
func openStore(dir string, open func(string, int) (logFile, error), now time.Time) (_ *store, f found, err error) {
	if err := makeFolder(dir); err != nil {
		return nil, f, err
	}
	s := &store{dir: dir, open: open, since: now}
	if s.folder, err = os.Stat(dir); err != nil {
		return nil, f, err
	}
	if s.unlock, err = lock(filepath.Join(dir, "lock")); err != nil {
		return nil, f, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.key, err = loadKey(dir); err != nil {
		return nil, f, err
	}
	files, err := Files(dir)
	if err != nil {
		return nil, f, err
	}
	var dropped int64
	for i := len(files) - 1; i >= 0 && f.head.Seq == 0; i-- {
		if !files[i].Active {
			if f.previous == "" {
				f.previous = strings.TrimSuffix(files[i].Name, gzSuffix)
			}
			f.head, err = lastOf(files[i])
		} else {
			f.head, dropped, err = s.recover()
		}
		if err != nil {
			return nil, f, err
		}
	}
	if f.previous == "" && len(files) > 1 {
		f.previous = strings.TrimSuffix(files[len(files)-2].Name, gzSuffix)
	}
	if s.file, err = s.open(filepath.Join(dir, activeFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND); err != nil {
		return nil, f, err
	}
	f.compare(s, dropped)
	return s, f, nil
}

// compare holds what is there against what the server had written.
func (f *found) compare(s *store, dropped int64) {
	e := Event{Kind: Recovered, File: activeFile, Dropped: dropped}
	head, err := readHead(s.dir, s.key.Public().(ed25519.PublicKey))
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.head.Seq == 0: // the first start
	case err != nil:
		e.Error = "the file head is missing or damaged"
	case head.Seq > f.head.Seq:
		e.Missing = int64(head.Seq - f.head.Seq)
		if f.head.Seq == 0 { // all of them: the numbers go on
			f.head = head
		}
	case head.Seq == f.head.Seq && head.Sum != f.head.Sum:
		e.Missing, e.Error = 1, "the last line is not the one that was written"
	}
	if e.Dropped > 0 || e.Missing > 0 || e.Error != "" {
		f.event = &e
	}
}

// lastOf reads a file that is not written any more to its end.
func lastOf(f File) (Head, error) {
	r, err := f.Open()
	if err != nil {
		return Head{}, err
	}
	defer r.Close()
	var head Head
	lines := NewLines(r)
	for {
		raw, err := lines.Next()
		switch {
		case err == io.EOF:
			return head, nil
		case err == nil:
			if l, err := ParseLine(raw); err == nil {
				head = Head{l.Seq, sumOf(raw)}
			}
		case !errors.Is(err, errLong) && !errors.Is(err, errCut):
			if head.Seq > 0 {
				return head, nil // a damaged gzip: what could be read counts
			}
			return Head{}, err
		}
	}
}

// tail is how much of the end of a file is looked at for its last line.
const tail = 2 * maxLine

// recover finds the last whole line of the active file. What is behind goes with the first
// write, which records that.
func (s *store) recover() (head Head, dropped int64, err error) {
	name := filepath.Join(s.dir, activeFile)
	f, err := os.Open(name)
	if err != nil {
		return head, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return head, 0, err
	}
	from := max(0, info.Size()-tail)
	text := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(text, from); err != nil && err != io.EOF {
		return head, 0, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for whole > 0 {
		begin := bytes.LastIndexByte(text[:whole-1], '\n') + 1
		raw := text[begin : whole-1]
		if l, err := ParseLine(raw); err == nil {
			head = Head{l.Seq, sumOf(raw)}
			break
		}
		whole = begin
	}
	if whole == 0 && from > 0 {
		return head, 0, fmt.Errorf("%s: no line can be read at its end; move it away", name)
	}
	s.size = from + int64(whole)
	dropped = info.Size() - s.size
	s.dirty = dropped > 0
	return head, dropped, s.begun(f)
}

// begun reads from the first line of the active file which one it is, and how old.
func (s *store) begun(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines := NewLines(f)
	for {
		raw, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, errLong) && !errors.Is(err, errCut) {
			return err
		}
		l, err := ParseLine(raw)
		if err != nil { // damaged: Verify finds that
			continue
		}
		s.first = l.Seq
		// A clock that has jumped makes the file neither ancient nor of the future.
		s.age = max(0, s.since.Sub(l.Event.Time))
		return nil
	}
}

// append writes lines, of which the first has the number seq, whole or not at all.
func (s *store) append(text []byte, seq uint64) error {
	if err := s.clean(); err != nil {
		return err
	}
	if _, err := s.file.Write(text); err != nil {
		s.dirty = true
		if terr := s.file.Truncate(s.size); terr == nil {
			s.dirty = false
		}
		return err
	}
	s.size += int64(len(text))
	if s.first == 0 {
		s.first = seq
	}
	return nil
}

// clean cuts off a part of a line.
func (s *store) clean() error {
	if !s.dirty {
		return nil
	}
	if err := s.file.Truncate(s.size); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// due reports whether the active file is to make room for a new one.
func (s *store) due(maxSize int64, maxAge time.Duration) bool {
	if s.first == 0 {
		return false
	}
	return maxSize > 0 && s.size >= maxSize || maxAge > 0 && s.age+time.Since(s.since) >= maxAge
}

// rotate makes the active file an old one, and begins another. It returns the name of
// the old one.
func (s *store) rotate() (string, error) {
	name := oldName(s.first)
	active := filepath.Join(s.dir, activeFile)
	if _, err := os.Lstat(filepath.Join(s.dir, name)); err == nil {
		return "", fmt.Errorf("there is a file %s already", name)
	}
	if err := s.clean(); err != nil {
		return "", err
	}
	if err := s.file.Sync(); err != nil {
		return "", err
	}
	// Windows renames no open file.
	if err := s.file.Close(); err != nil {
		return "", err
	}
	err := os.Rename(active, filepath.Join(s.dir, name))
	file, oerr := s.open(active, os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if oerr != nil {
		s.file = broken{oerr}
		if err == nil {
			s.size, s.first = 0, 0
		}
		return "", errors.Join(err, oerr)
	}
	s.file = file
	if err != nil {
		return "", err // it goes on in the same file
	}
	s.size, s.first, s.age, s.since, s.dirty = 0, 0, 0, time.Now(), false
	_ = atomicfile.SyncDir(os.Open, s.dir) // the lines go on either way
	return name, nil
}

// reopen tries again to open the active file, if that failed at a rotation.
func (s *store) reopen() error {
	if _, failed := s.file.(broken); !failed {
		return nil
	}
	file, err := s.open(filepath.Join(s.dir, activeFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND)
	if err == nil {
		s.file, s.since, s.age = file, time.Now(), 0
	}
	return err
}

// broken stands for a file that could not be opened.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
func (b broken) Truncate(int64) error      { return b.err }
func (b broken) Sync() error               { return b.err }
func (b broken) Close() error              { return nil }

func (s *store) close() error {
	var err error
	if s.file != nil {
		// What is there in part was not written, and may be in another folder by now.
		err = errors.Join(s.clean(), s.file.Close())
	}
	if s.unlock != nil {
		s.unlock()
	}
	return err
}
