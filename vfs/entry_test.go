package vfs_test

import (
	"testing"

	"github.com/sealane/sealane/vfs"
)

// letters are those of the perm fact, in the order of the constants
// (RFC 3659 §7.5.5).
const letters = "acdeflmprw"

func perm(r vfs.Rights) string {
	s := ""
	for i, letter := range letters {
		if r&(1<<i) != 0 {
			s += string(letter)
		}
	}
	return s
}

func TestRightsAreTheLetters(t *testing.T) {
	for right, letter := range map[vfs.Rights]string{
		vfs.MayAppend: "a", vfs.MayCreate: "c", vfs.MayDelete: "d", vfs.MayEnter: "e", vfs.MayRename: "f",
		vfs.MayList: "l", vfs.MayMkdir: "m", vfs.MayPurge: "p", vfs.MayRead: "r", vfs.MayWrite: "w",
	} {
		if got := perm(right); got != letter {
			t.Errorf("%010b is %q, want %q", right, got, letter)
		}
	}
}

// the letters that apply to a file are a d f r w, and those that apply to a
// directory c d e f l m p.
func TestRightsOf(t *testing.T) {
	for _, test := range []struct {
		e        vfs.Entry
		writable bool
		want     string
	}{
		{vfs.Entry{Name: "f"}, true, "adfrw"},
		{vfs.Entry{Name: "f"}, false, "r"},
		{vfs.Entry{Name: "d", Kind: vfs.KindDir}, true, "cdeflmp"},
		{vfs.Entry{Name: "d", Kind: vfs.KindDir}, false, "el"},
		{vfs.Entry{Name: "/", Kind: vfs.KindDir}, true, "celmp"}, // is neither deleted nor renamed
		{vfs.Entry{Name: "/", Kind: vfs.KindDir}, false, "el"},
		{vfs.Entry{Name: "link", Kind: vfs.KindOther}, true, "df"},
		{vfs.Entry{Name: "link", Kind: vfs.KindOther}, false, ""},
	} {
		if got := perm(vfs.RightsOf(test.e, test.writable)); got != test.want {
			t.Errorf("RightsOf(%q, kind %d, writable %v) = %q, want %q", test.e.Name, test.e.Kind, test.writable, got, test.want)
		}
	}
}

func TestFields(t *testing.T) {
	all := []vfs.Fields{vfs.WantKind, vfs.WantInfo, vfs.WantCreated, vfs.WantUnique, vfs.WantRights}
	var sum vfs.Fields
	for i, f := range all {
		for j, g := range all {
			if f.Has(g) != (i == j) {
				t.Errorf("%b.Has(%b) = %v", f, g, f.Has(g))
			}
		}
		if !vfs.WantAll.Has(f) || f.Has(0) || !f.Has(vfs.WantAll) {
			t.Errorf("%b: all has it %v, it has nothing %v, it has any of all %v", f, vfs.WantAll.Has(f), f.Has(0), f.Has(vfs.WantAll))
		}
		sum |= f
	}
	if sum != vfs.WantAll {
		t.Errorf("WantAll is %b, and together they are %b", vfs.WantAll, sum)
	}
}

func TestDurabilityString(t *testing.T) {
	for d, want := range map[vfs.Durability]string{vfs.DurableNone: "none", vfs.DurableProcess: "process", vfs.DurableFull: "full"} {
		if d.String() != want {
			t.Errorf("%d is %q, want %q", d, d, want)
		}
	}
}
