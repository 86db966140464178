package listing

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

var (
	now  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	file = vfs.Entry{Name: " a b;c ", Kind: vfs.KindFile, Size: 1 << 40, ModTime: now.Add(-time.Hour), Mode: 0o640, Unique: "1g2"}
	dir  = vfs.Entry{Name: "d", Kind: vfs.KindDir, ModTime: now.AddDate(-2, 0, 0), Mode: 0o755}
)

func TestAppendList(t *testing.T) {
	for _, test := range []struct {
		entry vfs.Entry
		want  string
	}{
		{file, "-rw-r----- 1 ftp      ftp      1099511627776 Nov 21 11:00  a b;c "},
		{dir, "drwxr-xr-x 1 ftp      ftp                 0 Nov 21  2024 d"},
		{vfs.Entry{Name: "f", Kind: vfs.KindOther, ModTime: now.AddDate(0, 0, 3)}, "s--------- 1 ftp      ftp                 0 Nov 24  2026 f"},
	} {
		if got := string(AppendList(nil, test.entry, now)); got != test.want {
			t.Errorf("\n got %q\nwant %q", got, test.want)
		}
	}
}

// facts, one space, the name as it is; R-112 type; R-115 perm; R-116 size.
func TestAppendMLSx(t *testing.T) {
	all := ftp.MakeFactSet(ftp.AllFacts()...)
	for _, test := range []struct {
		name     string
		entry    vfs.Entry
		set      ftp.FactSet
		writable bool
		want     string
	}{
		{"all", file, all, true, "type=file;size=1099511627776;modify=20261121110000;perm=adfrw;unique=1g2;UNIX.mode=0640;  a b;c "},
		{"read only", file, ftp.MakeFactSet(ftp.FactPerm), false, "perm=r;  a b;c "},
		{"none", file, 0, true, "  a b;c "},
		{"directory", dir, all, true, "type=dir;modify=20241121120000;perm=cdeflmp;UNIX.mode=0755; d"},
		{"special", vfs.Entry{Name: "f", Kind: vfs.KindOther}, all, false, "type=OS.unix=special;perm=;UNIX.mode=00; f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.entry.Rights = vfs.RightsOf(test.entry, test.writable)
			if got := string(AppendMLSx(nil, test.entry, test.entry.Name, test.set, nil)); got != test.want {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

// the facts that are only sent to who asks for them; whose a file is only
// where that is known.
func TestAppendMoreFacts(t *testing.T) {
	owned := file
	owned.Created = time.Date(2020, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600))
	owned.Owner = vfs.Owner{UID: 4294967295, GID: 7, Known: true}
	all := ftp.MakeFactSet(ftp.AllFacts()...) &^ ftp.MakeFactSet(ftp.UsualFacts()...)
	for _, test := range []struct {
		entry vfs.Entry
		set   ftp.FactSet
		want  string
	}{
		{owned, all, "create=20200102020405;UNIX.uid=4294967295;UNIX.gid=7;UNIX.owner=u4294967295;UNIX.group=g7;  a b;c "},
		{owned, ftp.MakeFactSet(ftp.FactUnixGID, ftp.FactUnixOwner), "UNIX.gid=7;UNIX.owner=u4294967295;  a b;c "},
		{owned, ftp.MakeFactSet(ftp.FactUnixGroup), "UNIX.group=g7;  a b;c "},
		{owned, ftp.MakeFactSet(ftp.FactUnixUID), "UNIX.uid=4294967295;  a b;c "},
		{file, all, "  a b;c "},
	} {
		line := string(AppendMLSx(nil, test.entry, test.entry.Name, test.set, numbered{}))
		if line != test.want {
			t.Errorf("\n got %q\nwant %q", line, test.want)
		}
	}
	if got, err := ParseMLSx("type=file;create=20200102020405; x"); err != nil || !got.Created.Equal(owned.Created.Truncate(time.Second)) {
		t.Errorf("%+v, %v", got, err)
	}
	if Wants(all) != vfs.WantInfo|vfs.WantCreated || Wants(ftp.MakeFactSet(ftp.UsualFacts()...)).Has(vfs.WantCreated) {
		t.Errorf("wanted of entries: %b", Wants(all))
	}
}

type numbered struct{}

func (numbered) User(uid uint32) string  { return "u" + strconv.FormatUint(uint64(uid), 10) }
func (numbered) Group(gid uint32) string { return "g" + strconv.FormatUint(uint64(gid), 10) }

func TestParseMLSxReadsItsOwn(t *testing.T) {
	for _, want := range []vfs.Entry{file, dir} {
		line := AppendMLSx(nil, want, want.Name, ftp.MakeFactSet(ftp.AllFacts()...), nil)
		got, err := ParseMLSx(string(line))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", line, err, diff)
		}
	}
}

// A line that cannot be read is an error, never a shorter listing.
func TestParseMLSxRefuses(t *testing.T) {
	for _, line := range []string{
		"", " ", "type=file;", "type=file; ", "size=1; x", "type=file;size=-1; x", "type=file;size=1e3; x",
		"type=file;modify=2026; x", "type; x", "type=file;;size=1; x", "drwxr-xr-x 1 a b 0 Jan 1 2026 x",
	} {
		if e, err := ParseMLSx(line); !errors.Is(err, ErrEntry) {
			t.Errorf("%q gave %+v, %v", line, e, err)
		}
	}
}

func TestIsSelf(t *testing.T) {
	for line, want := range map[string]bool{
		"Type=CDIR;modify=20260101000000; .": true, "size=0;type=pdir; ..": true,
		"type=dir; cdir": false, "type=file; type=cdir": false, "": false,
	} {
		if IsSelf(line) != want {
			t.Errorf("%q: want %v", line, want)
		}
	}
}

// F-15.
func FuzzParseMLSx(f *testing.F) {
	f.Add("type=file;size=1;modify=20260101000000;UNIX.mode=0644; x y")
	f.Add("type=OS.unix=slink:/etc; x")
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseMLSx(line)
		if err != nil {
			return
		}
		if e.Name == "" || e.Size < 0 || !strings.HasSuffix(line, " "+e.Name) {
			t.Fatalf("%q gave %+v", line, e)
		}
		again, err := ParseMLSx(string(AppendMLSx(nil, e, e.Name, ftp.MakeFactSet(ftp.FactType, ftp.FactSize), nil)))
		if err != nil || again.Name != e.Name || again.Kind != e.Kind {
			t.Fatalf("%q gave %+v, then %+v, %v", line, e, again, err)
		}
	})
}

func BenchmarkAppendMLSx(b *testing.B) {
	usual, buf := ftp.MakeFactSet(ftp.UsualFacts()...), make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendMLSx(buf[:0], file, file.Name, usual, nil)
	}
}
