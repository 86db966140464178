//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plainNames are odd, but of bytes that every program can print on a line.
var plainNames = []string{
	" leading", "trailing ", "two  spaces", `say "hi"`, `"`, "-la", "-R", "--", "#a#", "~", "~root", "20200101000000 f", "type=dir; x", "226 x", "250 End",
	"DELE f", `a\b`, "%s%n", "C:", "NUL", "...", ".hidden", "*", "[a]", "?", "{a,b}", "; x", "$HOME", "\u00e9", "e\u0301", "日本",
}

// oddBytes are no text: bytes that are no UTF-8, and such as drive a terminal.
var oddBytes = []string{"\xe9t\xe9", "\xff\xff", "a\xff\xf4b", "\xc0\xaf", "\xed\xa0\x80", "\x1b[31m", "\x7f", "a\tb", "\ufeffa"}

// namedFiles makes a file of each name in a folder of the server.
func namedFiles(t *testing.T, s *server, names []string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(s.dir, "odd"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(s.dir, "odd", name), []byte(name), 0o644); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
}

// wantNames compares names without regard to their order.
func wantNames(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// TestNamesLftp: lftp reads back the names that are
// there, by MLSD and by NLST, and each of them gets the file.
func TestNamesLftp(t *testing.T) {
	lftp().need(t)
	s := serve(t)
	namedFiles(t, s, plainNames)
	l := link{s, false, "1.3"}
	lines := func(commands string) []string {
		out := strings.Split(strings.TrimSuffix(lftpRun(t, l, commands), "\n"), "\n")
		for i, line := range out {
			if strings.HasPrefix(line, "./~") {
				out[i] = line[2:] // cls prints such names so, lest they be taken for a home
			}
		}
		return out
	}
	wantNames(t, "MLSD", lines("set ftp:use-mlsd yes; cd /odd; cls -1 -a"), plainNames)
	wantNames(t, "NLST", lines("cd /odd; nlist"), plainNames)
	down := t.TempDir()
	lftpRun(t, l, "set ftp:use-mlsd yes; mirror /odd "+lftpQuote(down))
	for _, name := range plainNames {
		if b, err := os.ReadFile(filepath.Join(down, name)); err != nil || string(b) != name {
			t.Errorf("%q came as %q, %v", name, b, err)
		}
	}
}

// TestNamesOurs: our client reads back every name byte for byte, such
// as are no text too.
func TestNamesOurs(t *testing.T) {
	s := serve(t)
	names := slices.Concat(plainNames, oddBytes)
	namedFiles(t, s, names)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	l := link{s, false, "1.3"}
	out := runWith(t, []string{"SEALANE_PASSWORD=" + s.password}, "", program, "ls", "--json", "--ca", s.ca, "ftpes://"+user+"@"+l.address()+"/odd")
	var got []string
	for line := range strings.Lines(out) {
		var entry struct {
			Name    string `json:"name"`
			NameRaw []byte `json:"name_base64"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if entry.NameRaw != nil {
			entry.Name = string(entry.NameRaw)
		}
		got = append(got, entry.Name)
	}
	wantNames(t, "ls", got, names)
}
