package vfstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// agreeNames are few, so that operations meet each other.
var agreeNames = []string{"/", "/a", "/b", "/a/a", "/a/b", "/b/a", "/a/a/b", "/b/a/a"}

// FuzzAgree (F-17) does the same operations on a disk and in memory, uploads that
// overlap among them: every verdict, the tree that comes of it and what is kept of
// broken uploads must be the same. Each three bytes are an operation and its names.
// F-15.
func FuzzAgree(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x01\x03\x00\x04\x01\x02\x05\x01\x00\x03\x02\x00"))
	f.Add([]byte("\x01\x01\x00\x02\x01\x03\x00\x01\x00\x04\x01\x01\x04\x01\x02\x01\x02\x00"))
	f.Add([]byte("\x00\x01\x00\x00\x03\x00\x01\x06\x00\x04\x01\x06\x04\x03\x02\x05\x01\x00\x06\x01\x00"))
	f.Add([]byte("\x01\x01\x05\x08\x01\x01\x08\x02\x02\x09\x01\x00\x07\x01\x00\x0a\x02\x09"))
	f.Add([]byte("\x09\x01\x00\x0c\x01\x00\x0b\x01\x00\x0b\x01\x02\x0c\x01\x00\x01\x01\x00\x0c\x01\x00")) // break, look, append, continue
	f.Add([]byte("\x01\x01\x01\x09\x01\x00\x0b\x01\x00\x0a\x01\x03\x0c\x01\x00\x03\x01\x03"))             // over a file
	f.Add([]byte("\x0d\x01\x00\x0d\x02\x01\x0e\x00\x00\x0e\x01\x00\x05\x01\x00"))                         // overlapping appends
	f.Add([]byte("\x0d\x01\x02\x0d\x02\x03\x0f\x01\x00\x0e\x00\x00\x0c\x01\x00"))                         // one breaks off, one commits
	f.Add([]byte("\x0d\x00\x06\x01\x01\x00\x0e\x00\x00\x10\x01\x02\x11\x01\x04\x08\x02\x00"))             // exclusive
	f.Fuzz(agree)
}

// F-17: as FuzzAgree, for sequences that are the same in every run.
func TestAgree(t *testing.T) {
	t.Parallel()
	sequences := 150
	if testing.Short() {
		sequences = 30
	}
	for seed := range sequences {
		r := rand.New(rand.NewPCG(uint64(seed), 0))
		ops := make([]byte, 3*agreeLength)
		for i := range ops {
			ops[i] = byte(r.Uint32())
			if i%3 == 1 && r.IntN(2) == 0 {
				ops[i] = 1 // most happens at one name
			}
		}
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { agree(t, ops) })
	}
}

// agreeLength bounds the operations of one sequence.
const agreeLength = 32

func agree(t *testing.T, ops []byte) {
	folder, err := osfs.Open(t.TempDir(), osfs.With(osfs.Policy{Durability: vfs.DurableProcess}))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	disk, memory := &agent{FS: folder}, &agent{FS: memfs.New()}
	defer disk.leave()
	for ops = ops[:min(len(ops), 3*agreeLength)]; len(ops) >= 3; ops = ops[3:] {
		onDisk := disk.apply(t.Context(), ops[0], ops[1], ops[2])
		inMemory := memory.apply(t.Context(), ops[0], ops[1], ops[2])
		if onDisk != inMemory {
			t.Fatalf("operation %v: disk %q, memory %q", ops[:3], onDisk, inMemory)
		}
	}
	want, merr := memory.state(t.Context())
	got, derr := disk.state(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || merr != nil || derr != nil {
		t.Errorf("%v, %v (-memory +disk):\n%s", merr, derr, diff)
	}
}

// agent does operations on a tree. Two uploads may be open at a time.
type agent struct {
	vfs.FS
	open [2]vfs.Upload
}

// leave gives up what is open.
func (a *agent) leave() {
	for _, up := range a.open {
		if up != nil {
			up.Abort(nil)
		}
	}
}

// state is the tree, and what is kept, under its name and "~".
func (a *agent) state(ctx context.Context) (map[string]string, error) {
	files, err := vfstest.Tree(ctx, a)
	for i := range agreeNames {
		p := name(byte(i))
		if e, uerr := a.Unfinished(ctx, p); uerr == nil {
			files[p.Rel()+"~"] = fmt.Sprint(e.Size)
		}
	}
	return files, err
}

func name(x byte) vfs.Path {
	p, err := vfs.Clean(agreeNames[int(x)%len(agreeNames)])
	if err != nil {
		panic(err) // they are written down above
	}
	return p
}

// apply does one operation and puts its outcome into words.
func (a *agent) apply(ctx context.Context, op, x, y byte) string {
	p, q := name(x), name(y)
	kept := vfs.Create{Offset: int64(y % 8)}
	var e vfs.Entry
	var err error
	switch op % 19 {
	case 0:
		err = a.Mkdir(ctx, p)
	case 1:
		e, err = upload(ctx, a, p, vfs.Create{}, fmt.Sprint(y))
	case 2:
		e, err = upload(ctx, a, p, vfs.Create{Append: true}, fmt.Sprint(y))
	case 3:
		e, err = upload(ctx, a, p, kept, "kept")
	case 4:
		err = a.Rename(ctx, p, q, vfs.Rename{})
	case 5:
		err = a.Remove(ctx, p)
	case 6:
		err = a.Rmdir(ctx, p)
	case 7:
		e, err = a.Stat(ctx, p)
	case 8:
		return a.listing(ctx, p, vfs.Fields(y))
	case 9:
		err = interrupt(ctx, a, p, vfs.Create{}, fmt.Sprint("broken", y))
	case 10:
		err = interrupt(ctx, a, p, kept, "on")
	case 11:
		err = interrupt(ctx, a, p, vfs.Create{Append: true}, "more")
	case 12:
		e, err = a.Unfinished(ctx, p)
	case 13, 14, 15:
		return a.overlapping(ctx, op%19, x, y)
	case 16:
		e, err = upload(ctx, a, p, vfs.Create{Exclusive: true, Append: y%2 == 1}, "exclusive")
	case 17:
		err = a.Rename(ctx, p, q, vfs.Rename{Exclusive: true})
	case 18:
		return a.content(ctx, p, int64(y%4), int64(y/4%8)-1)
	}
	return fmt.Sprint(e.Name, " ", e.Kind, " ", e.Size, " ", e.Rights, " ", verdict(err))
}

// overlapping begins or ends one of the two uploads, to a name in the root: what
// becomes of an upload whose directory is renamed, a storage may choose.
func (a *agent) overlapping(ctx context.Context, op, x, y byte) string {
	up := &a.open[x%2]
	var e vfs.Entry
	var err error
	switch {
	case op == 13 && *up == nil:
		how := []vfs.Create{{}, {Append: true}, {Offset: 2}, {Exclusive: true}}[y%4]
		if *up, err = a.Create(ctx, name(1+y/4%2), how); err != nil {
			*up = nil
			break
		}
		_, err = fmt.Fprint(*up, "by ", x%2)
		return fmt.Sprint((*up).Offset(), " ", verdict(err))
	case op == 14 && *up != nil:
		e, err = (*up).Commit(ctx)
		*up = nil
	case op == 15 && *up != nil:
		err = (*up).Abort([]error{nil, vfs.ErrInterrupted}[y%2])
		*up = nil
	}
	return fmt.Sprint(e.Name, " ", e.Size, " ", verdict(err))
}

func (a *agent) listing(ctx context.Context, p vfs.Path, want vfs.Fields) string {
	var names []string
	for e, err := range a.List(ctx, p, want&vfs.WantAll) {
		if err != nil {
			return fmt.Sprint(names, " ", verdict(err))
		}
		if want.Has(vfs.WantKind) {
			e.Name += fmt.Sprint(" ", e.Kind)
		}
		if want.Has(vfs.WantRights) {
			e.Name += fmt.Sprint(" ", e.Rights)
		}
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return fmt.Sprint(names)
}

// content sets a time, and reads a file by its hash and from its start.
func (a *agent) content(ctx context.Context, p vfs.Path, from, to int64) string {
	when := time.Unix(1e9, 0)
	serr := a.SetAttr(ctx, p, vfs.Attr{ModTime: when})
	sum, herr := a.Hash(ctx, p, vfs.CRC32, from, to)
	file, oerr := a.Open(ctx, p)
	if oerr != nil {
		return fmt.Sprint(verdict(serr), verdict(herr), verdict(oerr))
	}
	b, rerr := io.ReadAll(file)
	e := file.Entry()
	return fmt.Sprint(verdict(serr), sum, verdict(herr), string(b), rerr, e.Name, e.Size, e.ModTime.Unix(), file.Close())
}

// verdict is the sentinel of an error.
func verdict(err error) error {
	for _, s := range []error{
		vfs.ErrNotExist, vfs.ErrExist, vfs.ErrPermission, vfs.ErrBadName, vfs.ErrIsDir, vfs.ErrNotDir,
		vfs.ErrNotEmpty, vfs.ErrOffset, vfs.ErrConflict, vfs.ErrUnfinished, vfs.ErrUnsupported, fs.ErrClosed,
	} {
		if errors.Is(err, s) {
			return s
		}
	}
	return err
}

func upload(ctx context.Context, f vfs.FS, p vfs.Path, how vfs.Create, content string) (vfs.Entry, error) {
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return vfs.Entry{}, err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return vfs.Entry{}, errors.Join(err, up.Abort(err))
	}
	return up.Commit(ctx)
}

func interrupt(ctx context.Context, f vfs.FS, p vfs.Path, how vfs.Create, content string) error {
	up, err := f.Create(ctx, p, how)
	if err != nil {
		return err
	}
	_, err = io.WriteString(up, content)
	return errors.Join(err, up.Abort(vfs.ErrInterrupted))
}
