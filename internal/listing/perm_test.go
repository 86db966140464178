package listing

import (
	"testing"

	"github.com/sealane/sealane/vfs"
)

// RFC 3659 §7.5.5: what AppendMLSx writes comes back; letters that are not known are
// passed over, in either case.
func TestParsePerm(t *testing.T) {
	for r := range vfs.MayWrite << 1 {
		if got := parsePerm(string(appendPerm(nil, r))); got != r {
			t.Errorf("%010b came back as %010b", r, got)
		}
	}
	for text, want := range map[string]vfs.Rights{"": 0, "RW": vfs.MayRead | vfs.MayWrite, "xz\xff1-r": vfs.MayRead} {
		if got := parsePerm(text); got != want {
			t.Errorf("%q: %010b, want %010b", text, got, want)
		}
	}
	e, err := ParseMLSx("type=file;PERM=adfrw; f")
	if err != nil || e.Rights != vfs.FileWrite {
		t.Errorf("%+v, %v", e, err)
	}
}
