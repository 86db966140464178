package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

func TestPassword(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	inURL := ftp.URL{User: "a", Password: "from URL", HasPassword: true}
	noURL := ftp.URL{User: "a"}
	tests := []struct {
		name, file, env string
		url             ftp.URL
		want            string // "" means an error
	}{
		{"URL", "", "from env", inURL, "from URL"},
		{"environment", "", "from env", noURL, "from env"},
		{"file", file("good", "from file\n", 0o600), "from env", noURL, "from file"},
		{"file, spaces and CR LF", file("spaces", " x y \r\n", 0o600), "", noURL, " x y "},
		{"file and URL", file("both", "x", 0o600), "", inURL, ""},
		{"empty file", file("empty", "\n", 0o600), "", noURL, ""},
		{"two lines", file("lines", "a\nb\n", 0o600), "", noURL, ""},
		{"long", file("long", strings.Repeat("x", 4097), 0o600), "", noURL, ""},
		{"no file", filepath.Join(dir, "none"), "", noURL, ""},
		{"nothing, no terminal", "", "", noURL, ""},
	}
	if runtime.GOOS != "windows" {
		// C-25: a file that others can read is refused.
		tests = append(tests, tests[2], tests[2])
		tests[len(tests)-2].name, tests[len(tests)-2].file, tests[len(tests)-2].want = "C-25 all", file("all", "x", 0o604), ""
		tests[len(tests)-1].name, tests[len(tests)-1].file, tests[len(tests)-1].want = "C-25 group", file("group", "x", 0o640), ""
	}
	for _, tt := range tests {
		f := &clientFlags{passwordFile: tt.file}
		env := &Env{Stdin: strings.NewReader("typed\n"), Stderr: &bytes.Buffer{}, Getenv: func(key string) string {
			if key == "SEALANE_PASSWORD" {
				return tt.env
			}
			return ""
		}}
		got, err := f.password(t.Context(), env, tt.url)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func TestLocalName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("sub", 0o777); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ remote, local, want string }{
		{"/in/a b", "", "a b"}, {"/a", "x", "x"}, {"/a", "-", "-"}, {"/a", "sub", filepath.Join("sub", "a")},
		{"/a", "sub/", filepath.Join("sub", "a")}, {"/a", "none/", ""}, {"/in/", "", ""}, {"/", "x", ""},
		{"/in/..", "", ""}, {"/in/.", "", ""}, {`/a\..\b`, "", ""}, {"/in/..", "x", "x"},
	}
	for _, tt := range tests {
		got, err := localName(ftp.URL{Path: tt.remote}, tt.local)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q %q: %q, %v", tt.remote, tt.local, got, err)
		}
	}
}

func TestPart(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(p *part, text string) {
		t.Helper()
		if _, err := p.file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	open := func(resume bool) *part {
		t.Helper()
		p, err := openPart("f", resume)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open(false)
	if p.keep() {
		t.Error("an empty part was kept")
	}
	p = open(true)
	write(p, "half")
	if _, err := os.Stat("f"); err == nil {
		t.Error("the target is there too early")
	}
	if !p.keep() {
		t.Error("the part was not kept")
	}
	if p = open(true); p.offset != 4 {
		t.Errorf("offset %d", p.offset)
	}
	write(p, " and half")
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := p.commit(when); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("f")
	if err != nil || string(text) != "half and half" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat("f"); err != nil || !info.ModTime().Equal(when) {
		t.Errorf("%v, %v", info, err)
	}
	p = open(false)
	write(p, "much more than before")
	if err := p.restart(); err != nil {
		t.Fatal(err)
	}
	write(p, "new")
	if err := p.commit(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile("f"); string(text) != "new" {
		t.Errorf("%q", text)
	}
}

func TestPartInTheWay(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"folder", "f.part"} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"folder", "f", "none/f"} {
		if _, err := openPart(name, true); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	if err := os.WriteFile("real", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", "link"); err != nil {
		t.Skip("no symbolic links here")
	}
	p, err := openPart("link", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.file.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if err := p.commit(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat("link"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if text, _ := os.ReadFile("real"); string(text) != "new" {
		t.Errorf("%q", text)
	}
	if info, _ := os.Stat("real"); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the rights became %v", info.Mode())
	}
}

func TestFinished(t *testing.T) {
	u := ftp.URL{User: "a", Password: "secret", Host: "h", Port: "21", Path: "/f"}
	res := ftpclient.Result{Bytes: 1500, CleanEnd: true, Size: 2500, Resumed: true}
	d := newFinished("get", u, "\x1b[2Jf", 1000, res, 2*time.Second)
	var out bytes.Buffer
	if err := d.print(&out, false); err != nil {
		t.Fatal(err)
	}
	if want := `\x1b[2Jf: 1,500 bytes from 1,000 on in 2s (750 B/s), verified: size` + "\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	if err := d.print(&out, true); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["bytes"] != 1500.0 || got["local"] != "\x1b[2Jf" {
		t.Errorf("%s: %v, %v", out.String(), got, err)
	}
	if strings.Contains(out.String(), "secret") {
		t.Error("the password is shown")
	}
	for want, res := range map[string]ftpclient.Result{
		"size": {Size: 0}, "end of data": {Size: -1, CleanEnd: true}, "reply only": {Size: -1},
	} {
		if got := newFinished("put", u, "f", 0, res, 0).proof(); got != want {
			t.Errorf("%+v: %q, want %q", res, got, want)
		}
	}
}

func TestPrintEntries_C16(t *testing.T) {
	entries := []vfs.Entry{
		{Name: "a\x1b[31m\nb", Kind: vfs.KindFile, Size: 1234, ModTime: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)},
		{Name: "dir", Kind: vfs.KindDir},
		{Name: "raw\xff", Kind: vfs.KindOther},
	}
	var out bytes.Buffer
	var kept []*entry
	for _, e := range entries {
		kept = append(kept, keptEntry(e))
	}
	l := &lsCommand{env: &Env{Stdout: &out}}
	if err := l.print("", kept); err != nil {
		t.Fatal(err)
	}
	want := `file   1,234  2020-01-02T03:04:05Z  a\x1b[31m\nb
dir        -  -                     dir
other      -  -                     raw\xff
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	l.json = true
	if err := l.print("", kept); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	var first, last listed
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Name != entries[0].Name || *first.Size != 1234 {
		t.Errorf("%s: %v", lines[0], err)
	}
	if err := json.Unmarshal([]byte(lines[2]), &last); err != nil || string(last.NameRaw) != "raw\xff" || last.Size != nil {
		t.Errorf("%s: %v", lines[2], err)
	}
}
