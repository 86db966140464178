package listing

import (
	"io/fs"
	"strings"
	"testing"
)

// isOneName is what an operating system takes for one name in a folder.
func isOneName(name string) bool {
	return fs.ValidPath(name) == (strings.ToValidUTF8(name, "") == name) && name != "." && !strings.ContainsAny(name, "/\\\x00\r\n") && name != ".." && name != ""
}

// check demands what holds for every entry of every form.
func check(t *testing.T, line string, i Item) {
	t.Helper()
	switch {
	case i.Name == "":
		t.Errorf("%q: an entry without a name", line)
	case !strings.Contains(line, i.Name):
		t.Errorf("%q: the name %q is not in it", line, i.Name)
	case !strings.Contains(line, i.Target):
		t.Errorf("%q: the target %q is not in it", line, i.Target)
	case i.Size < 0, !i.SizeKnown && i.Size != 0, i.IsDir() && i.SizeKnown:
		t.Errorf("%q: size %d, known: %v", line, i.Size, i.SizeKnown)
	case (i.Precision == NoTime) != i.ModTime.IsZero():
		t.Errorf("%q: time %v to precision %d", line, i.ModTime, i.Precision)
	case i.ModTime.Nanosecond() != 0, i.Precision < ToSecond && i.ModTime.Second() != 0, i.Precision == ToDay && i.ModTime.Hour()+i.ModTime.Minute() != 0:
		t.Errorf("%q: time %v is finer than its precision %d", line, i.ModTime, i.Precision)
	case i.Mode&^fs.ModePerm != 0:
		t.Errorf("%q: mode %v", line, i.Mode)
	}
}

// fuzzForm fuzzes one form, behind a line that decides for it.
func fuzzForm(f *testing.F, first string, seeds ...string) {
	f.Add(first, "")
	for _, seed := range seeds {
		f.Add(seed, seeds[0])
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		p := NewParser(now, 10)
		if _, _, err := p.Line(first); err != nil {
			t.Fatal(err)
		}
		form := p.Form()
		for _, line := range []string{one, two} {
			skipped, _, _ := p.Skipped()
			item, ok, err := p.Line(line)
			if ok {
				check(t, one+"\n"+two, item)
			}
			if after, _, _ := p.Skipped(); ok && err != nil || err != nil && after == skipped {
				t.Errorf("%q: %v, %v, %d lines skipped", line, ok, err, after-skipped)
			}
		}
		if p.Form() != form {
			t.Errorf("the form changed from %q to %q", form, p.Form())
		}
		_ = p.End()
	})
}

func FuzzUnix(f *testing.F) {
	fuzzForm(f, "-rw-r--r-- 1 a b 5 Jan  2  2020 x", "lrwxrwxrwx 1 a b 5 Jan  2 15:04 a -> b", "12 4 crw-rw-rw- 1 root root 1, 3 2020-01-02 15:04:05.6 +0200 null", "drwxr-xr-x 1 5 2. Mär 2020 x")
}

func FuzzDOS(f *testing.F) {
	fuzzForm(f, "10-23-26  03:45PM       <DIR>          x", "10/23/2026  03:45 PM 1,234 a b", "2026-10-23 15:45 <SYMLINKD> l [t]")
}

func FuzzEPLF(f *testing.F) {
	fuzzForm(f, "+i8388621.48594,m825718503,r,s280,\tx", "+/,up755,\td", "+r,s8589934592\t a ")
}

func FuzzNetWare(f *testing.F) {
	fuzzForm(f, "d [R----F--] supervisor            512       Jan 16 18:53    login", "-[RWCEAFMS] a 5 Jan 16 2020 x")
}

func FuzzOS400(f *testing.F) {
	fuzzForm(f, "QSYS 77824 02/23/26 15:09:55 *DIR QOpenSys/", "PEP *MEM FOO.FILE/BAR.MBR", "A 5 23.02.26 15.09.55 *STMF a b")
}

func FuzzVMS(f *testing.F) {
	fuzzForm(f, "Directory A:[B]", "A.DIR;1 10/12 12-OCT-2026 15:44:25 [A,B] (RWED)", "LONG.TXT;1", "   1 2-OCT-2026", "Total of 1 file")
}

func FuzzMVS(f *testing.F) {
	fuzzForm(f, "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", "WYOSPT 3420   2026/05/21  1  200  FB      80  8053  PS  A.B", "Migrated A")
}

func FuzzMembers(f *testing.F) {
	fuzzForm(f, " Name     VV.MM   Created       Changed      Size  Init   Mod   Id", "MEM 01.03 2026/06/26 2026/07/11 09:16 33 33 0 USER", "MEM 000058 000009 00")
}

// No line is passed over in silence: it is an entry, an error, or one of the few that
// are known to be none.
func FuzzForms(f *testing.F) {
	f.Add("total 5\n-rw-r--r-- 1 a b 5 Jan  2  2020 x\nwhat")
	f.Add("A.TXT;1\n 1 2-OCT-2026\nB.TXT;1")
	f.Add("+r,s5,\tx\n+/,\t..")
	f.Fuzz(func(t *testing.T, text string) {
		p := NewParser(now, 100)
		entries, none, failed := 0, 0, 0
		lines := strings.Split(text, "\n")
		for _, line := range lines {
			switch item, ok, err := p.Line(line); {
			case err != nil:
				failed++
			case ok:
				entries++
				check(t, text, item)
			default:
				none++
			}
		}
		if entries+none+failed != len(lines) {
			t.Errorf("%d lines: %d entries, %d none, %d failed", len(lines), entries, none, failed)
		}
		_ = p.End()
		if skipped, first, why := p.Skipped(); (skipped > 0) != (why != nil) || !strings.Contains(text, first) {
			t.Errorf("%d skipped, the first %q, %v", skipped, first, why)
		}
	})
}
