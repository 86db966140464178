package ftpclient

import (
	"strings"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// C-18: what a server answers to PWD is quoted or refused, and never longer than it came.
func FuzzQuotedPath(f *testing.F) {
	for _, seed := range []string{`"/" is current`, `"/a""b"`, `"`, ``, `/`, `"unterminated`, `""`, `"""`, `"/x" "/y"`, strings.Repeat(`"`, 1001)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		path, ok := quotedPath(s)
		switch {
		case !ok && path != "":
			t.Errorf("%q gave %q with an error", s, path)
		case ok && !strings.Contains(s, `"`+strings.ReplaceAll(path, `"`, `""`)+`"`):
			t.Errorf("%q gave %q", s, path)
		}
	})
}

// C-11, C-19: a line of MLSD is an entry with a name that is in the line, or an error,
// or no entry at all.
func FuzzMLSDLine(f *testing.F) {
	for _, seed := range []string{"type=file;size=5; name", "type=dir;modify=20240229120000.123; d", "type=cdir; .", "type=pdir; ..", " x", "type=file;size=-1; x",
		"type=file;size=99999999999999999999; x", "type=OS.unix=slink:/etc; l", "type=file", "", "type=file; a/b", "type=file; ../x", "modify=99999999999999; x", ";; \x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, ok, err := parseMLSD(line)
		if ok && (err != nil || e.Name == "" || !strings.Contains(line, e.Name)) {
			t.Errorf("%q gave %+v, %v", line, e, err)
		}
	})
}

// A hash that a server tells is hexadecimal digits of the right number, or an error.
func FuzzParseHash(f *testing.F) {
	for _, seed := range []string{"SHA-256 0-49 " + strings.Repeat("ab", 32) + " f", strings.Repeat("AB", 32), "", "SHA-256", "SHA-256 0-1 zz f", "0-0 " + strings.Repeat("0", 64)} {
		f.Add(seed, int64(0))
		f.Add(seed, int64(7))
	}
	f.Fuzz(func(t *testing.T, text string, from int64) {
		sum, err := parseHash(vfs.SHA256, from, text)
		if err == nil && (len(sum.Digest) != 64 || strings.Trim(sum.Digest, "0123456789abcdef") != "") {
			t.Errorf("%q gave %+v", text, sum)
		}
	})
}
