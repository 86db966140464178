package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write makes a trail of n events in dir, and closes it.
func write(t testing.TB, o Options, n int) {
	t.Helper()
	o.queue = n + 100
	tr, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		tr.Record(transferred(i))
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func transferred(i int) Event {
	return Event{
		Kind: "transfer", Session: fmt.Sprintf("%012x", i/10), Address: "192.0.2.7", Port: 40000, Account: "anna", TLS: "TLS 1.3",
		Verb: "STOR", Path: fmt.Sprintf("/in/file-%d.dat", i), Bytes: int64(i), Duration: 1200, Verdict: "ok", End: "close_notify", Reply: 226,
	}
}

func mustVerify(t testing.TB, dir string, want Expect) *Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, want)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// copyTrail copies the folder, so that each case begins with a whole one.
func copyTrail(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

func edit(t testing.TB, dir, name string, change func([]byte) []byte) {
	t.Helper()
	name = filepath.Join(dir, name)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, change(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lineAt gives the bounds of line n, from 1, without its line end.
func lineAt(text []byte, n int) (begin, end int) {
	for ; n > 1; n-- {
		begin += bytes.IndexByte(text[begin:], '\n') + 1
	}
	return begin, begin + bytes.IndexByte(text[begin:], '\n')
}

// fault is something that somebody does to a file from line at on.
type fault struct {
	name   string
	change func(b []byte, at int) []byte
	what   string // is found there
}

func faults() []fault {
	return []fault{
		{"flipped bit", func(b []byte, at int) []byte {
			begin, end := lineAt(b, at)
			b[begin+bytes.Index(b[begin:end], []byte("/in/file"))+1] ^= 1
			return b
		}, "the line was changed"},
		{"removed line", func(b []byte, at int) []byte {
			begin, end := lineAt(b, at)
			return append(b[:begin:begin], b[end+1:]...)
		}, "is missing before this place"},
		{"swapped pair", func(b []byte, at int) []byte {
			begin, middle := lineAt(b, at)
			end := middle + 1 + bytes.IndexByte(b[middle+1:], '\n')
			first := string(b[begin : middle+1])
			copy(b[begin:], b[middle+1:end+1])
			copy(b[begin+end-middle:], first)
			return b
		}, "lines are not in their order"},
		{"cut tail", func(b []byte, at int) []byte {
			begin, _ := lineAt(b, at)
			return b[:begin]
		}, "the end is cut off"},
		{"cut within a line", func(b []byte, at int) []byte {
			begin, _ := lineAt(b, at)
			return b[:begin+100]
		}, "the end is cut off"},
	}
}

// In a trail of 100,000 lines Verify finds one flipped bit, one removed line, one swapped
// pair and a cut tail, each once and with its place.
func TestVerifyNamesThePlace(t *testing.T) {
	const n = 100_000
	dir := t.TempDir()
	write(t, Options{Dir: dir}, n)
	r := mustVerify(t, dir, Expect{})
	if len(r.Findings) > 0 || r.Lines < n+n/1000 || r.First != 1 || r.Last != r.Lines || !r.Vouched || r.Unsigned != 0 || r.Checkpoints < n/1000 {
		t.Fatalf("a whole trail: %+v", r)
	}
	places := []int{20_500, 40_500, 60_500, 90_500}
	edit(t, dir, activeFile, func(b []byte) []byte {
		for i := len(places) - 1; i >= 0; i-- { // the last first, so that the numbers hold
			b = faults()[i].change(b, places[i])
		}
		return b
	})
	r = mustVerify(t, dir, Expect{})
	if len(r.Findings) != len(places) {
		t.Fatalf("%d findings: %+v", len(r.Findings), r.Findings)
	}
	for i, f := range r.Findings {
		line := places[i]
		if i > 1 {
			line-- // one was removed before
		}
		if f.File != activeFile || f.Line != line || f.Seq != uint64(places[i]) || !strings.Contains(f.What, faults()[i].what) {
			t.Errorf("%s: found %+v", faults()[i].name, f)
		}
	}
}

// Each of them alone, near the beginning, in the middle and near the end.
func TestVerifyOneFault(t *testing.T) {
	whole := t.TempDir()
	write(t, Options{Dir: whole, Every: 50}, 1000)
	for _, tc := range faults() {
		for _, at := range []int{7, 500, 900} {
			dir := copyTrail(t, whole)
			edit(t, dir, activeFile, func(b []byte) []byte { return tc.change(b, at) })
			r := mustVerify(t, dir, Expect{})
			if len(r.Findings) != 1 {
				t.Errorf("%s at %d: %+v", tc.name, at, r.Findings)
				continue
			}
			f := r.Findings[0]
			if f.File != activeFile || f.Line != at || f.Seq != uint64(at) || !strings.Contains(f.What, tc.what) {
				t.Errorf("%s at %d: found %+v", tc.name, at, f)
			}
		}
	}
}

// Whichever bit of a line is flipped, its line end too, the place is found.
func TestVerifyEveryBit(t *testing.T) {
	whole := t.TempDir()
	write(t, Options{Dir: whole, Every: 10}, 12)
	text, err := os.ReadFile(filepath.Join(whole, activeFile))
	if err != nil {
		t.Fatal(err)
	}
	key, err := PublicKey(whole)
	if err != nil {
		t.Fatal(err)
	}
	head, err := readHead(whole, key)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Count(text, []byte("\n"))
	for _, n := range []int{1, 11, lines} { // 11 is a checkpoint, as is the last
		begin, end := lineAt(text, n)
		for i := begin; i <= end; i++ {
			for bit := range 8 {
				if n != 11 && bit%5 > 0 {
					continue // all bits of one line, and two of the others
				}
				bad := bytes.Clone(text)
				bad[i] ^= 1 << bit
				v := &verifier{key: key, heads: []Head{head}, r: &Report{}}
				if err := v.lines(t.Context(), File{Name: activeFile, Active: true}, bytes.NewReader(bad)); err != nil {
					t.Fatal(err)
				}
				v.finish(nil)
				r := v.r
				ok := len(r.Findings) > 0 && r.Findings[0].Line == n
				if n == lines && i == end { // then the last line is one that is being written
					ok = len(r.Findings) == 1 && strings.Contains(r.Findings[0].What, "cut off")
				}
				if !ok {
					t.Fatalf("line %d, byte %d (%q), bit %d: %+v", n, i-begin, text[i], bit, r.Findings)
				}
			}
		}
	}
}

// Who can write to the files can compute the hashes anew, but not the signatures.
func TestVerifyForged(t *testing.T) {
	whole := t.TempDir()
	write(t, Options{Dir: whole, Every: 10}, 55)
	head := mustVerify(t, whole, Expect{}).Head
	key, err := PublicKey(whole)
	if err != nil {
		t.Fatal(err)
	}
	forged := copyTrail(t, whole)
	edit(t, forged, activeFile, func(b []byte) []byte { return rewrite(t, b, "/in/file-20.dat", "/in/other.dat") })
	r := mustVerify(t, forged, Expect{})
	if len(r.Findings) == 0 || !strings.Contains(r.Findings[0].What, "signature") || r.Findings[0].Line < 22 {
		t.Errorf("a new chain: %+v", r.Findings)
	}

	// With a key of their own all is well inside the folder: the true key, and what was
	// known of the end, are outside.
	other := copyTrail(t, whole)
	if err := os.RemoveAll(other); err != nil {
		t.Fatal(err)
	}
	write(t, Options{Dir: other, Every: 10}, 55)
	if r := mustVerify(t, other, Expect{}); len(r.Findings) > 0 {
		t.Fatalf("%+v", r.Findings)
	}
	if r := mustVerify(t, other, Expect{Key: key}); len(r.Findings) == 0 || !strings.Contains(r.Findings[0].What, "another key") {
		t.Errorf("another key: %+v", r.Findings)
	}
	if r := mustVerify(t, other, Expect{Heads: []Head{head}}); len(r.Findings) != 1 || r.Findings[0].Seq != head.Seq {
		t.Errorf("another head: %+v", r.Findings)
	}

	// Without the file head, a cut end is not seen, so that it is missed is.
	cut := copyTrail(t, whole)
	if err := os.Remove(filepath.Join(cut, headFile)); err != nil {
		t.Fatal(err)
	}
	edit(t, cut, activeFile, func(b []byte) []byte { begin, _ := lineAt(b, 20); return b[:begin] })
	if r := mustVerify(t, cut, Expect{}); len(r.Findings) != 1 || r.Findings[0].File != headFile {
		t.Errorf("no head: %+v", r.Findings)
	}
	if r := mustVerify(t, cut, Expect{Heads: []Head{head}}); len(r.Findings) != 2 || !strings.Contains(r.Findings[1].What, "cut off") {
		t.Errorf("a head from elsewhere: %+v", r.Findings)
	}
	if _, err := Verify(context.Background(), t.TempDir(), Expect{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no trail: %v", err)
	}
	if r := mustVerify(t, t.TempDir(), Expect{Key: key}); len(r.Findings) != 1 || r.Findings[0].What != "there is not one line" {
		t.Errorf("an empty folder: %+v", r.Findings)
	}
}

// rewrite changes a text and computes the chain anew behind it.
func rewrite(t *testing.T, text []byte, old, new string) []byte {
	t.Helper()
	enc := newEncoder()
	var out []byte
	var sum Sum
	for raw := range bytes.Lines(text) {
		l, err := ParseLine(bytes.TrimSuffix(raw, []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		if l.Event.Path == old {
			l.Event.Path = new
		}
		begin := len(out)
		out = enc.appendLine(out, l.Seq, sum, &l.Event)
		sum = sumOf(out[begin:])
		out = append(out, '\n')
	}
	return out
}

// Without the file head nobody knows how many lines there were; it is not said that some
// are missing.
func TestRecoverNoHead(t *testing.T) {
	dir := t.TempDir()
	write(t, Options{Dir: dir}, 3)
	if err := os.Remove(filepath.Join(dir, headFile)); err != nil {
		t.Fatal(err)
	}
	write(t, Options{Dir: dir}, 1)
	r := mustVerify(t, dir, Expect{})
	const want = "when the server started, lines could be missing before this one: the file head is missing or damaged"
	if len(r.Findings) != 1 || r.Findings[0].What != want {
		t.Errorf("%+v", r.Findings)
	}
}

// A server that dies in the middle of a line, or whose last lines never reached the disk,
// says so in the trail when it starts again, and the chain goes on.
func TestRecover(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func([]byte) []byte
		dropped bool
		missing int64
	}{
		{"half a line more", func(b []byte) []byte { return append(b, `{"v":1,"seq":14`...) }, true, 0},
		{"zeros", func(b []byte) []byte { return append(b, make([]byte, 5000)...) }, true, 0},
		{"two lines less", func(b []byte) []byte {
			n := bytes.Count(b, []byte("\n"))
			begin, _ := lineAt(b, n-1)
			return b[:begin]
		}, false, 2},
		{"half a line less", func(b []byte) []byte { return b[:len(b)-20] }, true, 1},
		{"nothing left", func(b []byte) []byte { return nil }, false, 13},
		{"another last line", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"signature":"`), []byte(`"signature": "`), 1)
		}, false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, Options{Dir: dir}, 9) // and file, start, stop, checkpoint
			edit(t, dir, activeFile, tc.change)
			write(t, Options{Dir: dir}, 1)
			var said []Event
			files, _ := Files(dir)
			if _, err := Scan(context.Background(), files, func(l Line, _ []byte) error {
				if l.Event.Kind == Recovered {
					said = append(said, l.Event)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if len(said) != 1 || said[0].Dropped > 0 != tc.dropped || said[0].Missing != tc.missing {
				t.Errorf("recorded %+v", said)
			}
			r := mustVerify(t, dir, Expect{})
			if found := len(r.Findings) > 0; found != (tc.missing > 0) {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// The chain goes on over rotations, compression and restarts; old files go as the
// settings say, which is recorded; that somebody else removes one is found.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, MaxSize: 20_000, Keep: 4}
	for range 5 {
		write(t, o, 2000)
	}
	// One more start tidies up what is left.
	write(t, o, 1)
	files, err := Files(dir)
	if err != nil || len(files) != 5 || !files[4].Active || files[0].First == 1 {
		t.Fatalf("%+v, %v", files, err)
	}
	for _, f := range files[:4] {
		if !strings.HasSuffix(f.Name, gzSuffix) {
			t.Errorf("%s is not compressed", f.Name)
		}
		if info, err := os.Stat(filepath.Join(dir, f.Name)); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s: %v, %v", f.Name, info.Mode(), err)
		}
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 || r.Files != 5 || r.First != files[0].First {
		t.Errorf("%+v", r)
	}
	for i, want := range []string{"missing before the first one", "missing before this place", "", "", ""} {
		if want == "" {
			continue
		}
		cut := copyTrail(t, dir)
		if err := os.Remove(filepath.Join(cut, files[i].Name)); err != nil {
			t.Fatal(err)
		}
		if r := mustVerify(t, cut, Expect{}); len(r.Findings) != 1 || !strings.Contains(r.Findings[0].What, want) {
			t.Errorf("file %d removed: %+v", i, r.Findings)
		}
	}
	bad := copyTrail(t, dir)
	edit(t, bad, files[2].Name, func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
	if r := mustVerify(t, bad, Expect{}); len(r.Findings) == 0 || r.Findings[0].File != files[2].Name {
		t.Errorf("a bit of a compressed file: %+v", r.Findings)
	}
}

// A crash while a file is compressed leaves it whole.
func TestPackCrash(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, MaxSize: 1000}
	write(t, o, 600)
	write(t, o, 1)
	files, err := Files(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%+v, %v", files, err)
	}
	plain := strings.TrimSuffix(files[0].Name, gzSuffix)
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	r.Close()
	// Both are there, and one that was begun.
	for name, b := range map[string][]byte{plain: text.Bytes(), plain + gzSuffix + tmpSuffix: []byte("half")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
	write(t, o, 1)
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() == plain || strings.HasSuffix(e.Name(), tmpSuffix) {
			t.Errorf("%s is left", e.Name())
		}
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
}

// F-09: by age one file goes at a time, so a clock that jumps deletes no trail.
func TestKeepForIsPatient(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, MaxSize: 10_000}
	for range 4 {
		write(t, o, 600)
	}
	before, _ := Files(dir)
	gone, err := overdue(dir, 0, 24*time.Hour, time.Now().AddDate(10, 0, 0))
	if err != nil || len(gone) != 1 || gone[0].First != before[0].First || gone[0].last != before[1].First-1 {
		t.Errorf("%+v, %v", gone, err)
	}
	if gone, err := overdue(dir, 0, 24*time.Hour, time.Now().Add(-time.Hour)); err != nil || len(gone) > 0 {
		t.Errorf("%+v, %v", gone, err)
	}
}
