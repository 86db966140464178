package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftptest"
)

// evil would drive a terminal: a new title, the clipboard, colours, a line drawn over,
// and text that is read backwards.
const evil = "\x1b]0;x\a\x1b]52;c;eA==\a\x1b[31m\r\b\u202egnp.exe\u009b31m"

// wicked is a server that answers what it is told to.
type wicked struct {
	lists map[string][]string // MLSD lines, by folder
	files map[string]string
	retr  func(s *ftptest.Session, name string) bool // true: it has done it
}

func (w wicked) serve(s *ftptest.Session) {
	s.Login("MLST type*;size*;modify*;", "SIZE", "MDTM", "REST STREAM", "UTF8", evil)
	for {
		line, ok := s.Line()
		if !ok {
			return
		}
		verb, name, _ := strings.Cut(line, " ")
		if name == "" {
			name = "/"
		}
		switch verb {
		case "EPSV":
			s.Reply(ftpEPSV(s.Listen()))
		case "MLST":
			if _, ok := w.lists[strings.TrimRight(name, "/")+"/"]; ok {
				s.Reply("250-here", " type=dir; "+name, "250 end")
			} else {
				s.Reply("550 none " + evil)
			}
		case "MLSD":
			lines, ok := w.lists[strings.TrimRight(name, "/")+"/"]
			if !ok {
				s.Reply("550 no folder " + evil)
				continue
			}
			w.data(s, strings.Join(lines, "\r\n")+"\r\n")
		case "SIZE":
			if text, ok := w.files[name]; ok {
				s.Reply("213 " + itoa(len(text)))
			} else {
				s.Reply("550 no " + evil)
			}
		case "MDTM":
			s.Reply("213 20200102030405")
		case "RETR":
			if w.retr != nil && w.retr(s, name) {
				continue
			}
			text, ok := w.files[name]
			if !ok {
				s.Reply("550 no file " + evil)
				continue
			}
			w.data(s, text)
		case "NOOP":
			s.Reply("200 " + evil)
		case "QUIT":
			s.Reply("221 " + evil)
			return
		default:
			s.Reply("500 " + evil)
		}
	}
}

func (wicked) data(s *ftptest.Session, text string) {
	s.Reply("150 " + evil)
	d := s.Data()
	d.Send(text)
	d.End()
	s.Reply("226 " + evil)
}

func itoa(n int) string { return string(must(json.Marshal(n))) }

func ftpEPSV(port int) string { return "229 go (|||" + itoa(port) + "|)" }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// against runs a command against the server; URL and PIN in args stand for its own.
func against(ctx context.Context, t *testing.T, h *ftptest.Hostile, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr safeBuffer
	env := &Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(key string) string {
		return map[string]string{"SEALANE_PASSWORD": ftptest.Password}[key]
	}}
	leaf := h.Certificate.Leaf
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "URL", "ftpes://"+ftptest.User+"@"+h.Addr)
	}
	args = append([]string{args[0], "--pin", certs.PinOf(leaf).String()}, args[1:]...)
	code = Main(ctx, env, args)
	return code, stdout.String(), stderr.String()
}

func start(t *testing.T, w wicked) *ftptest.Hostile {
	t.Helper()
	h := ftptest.NewHostile(w.serve)
	t.Cleanup(func() { _ = h.Close() }) // the client leaves in the middle, too
	return h
}

// treeBelow gives the names of all files below a folder.
func treeBelow(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, must(filepath.Rel(dir, name)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// C-11: names that lead out, or are no names, are refused one by one, and the rest is
// fetched. Nothing lies outside of the folder afterwards.
func TestGetHostileNames_C11(t *testing.T) {
	bad := []string{"../x", "/etc/x", "a/b", "..", `a\..\b`, `C:\x`, strings.Repeat("n", 300)}
	lists := []string{"type=cdir; .", "type=file;size=2;modify=20200102030405; good", "type=file;size=2;modify=20200102030405; -rf"}
	files := map[string]string{"/d/good": "ok", "/d/-rf": "ok"}
	for _, name := range bad {
		lists = append(lists, "type=file;size=4;modify=20200102030405; "+name)
		files["/d/"+name] = "evil"
	}
	h := start(t, wicked{lists: map[string][]string{"/d/": lists}, files: files})
	for _, args := range [][]string{{"get", "-r", "URL/d", "in/here"}, {"get", "URL/d/*", "in/here"}} {
		dir := t.TempDir()
		t.Chdir(dir)
		if err := os.MkdirAll("in/here", 0o777); err != nil {
			t.Fatal(err)
		}
		code, out, errs := against(t.Context(), t, h, slices.Clone(args)...)
		if code == 0 {
			t.Errorf("%v: exit code 0\n%s%s", args, out, errs)
		}
		for _, name := range treeBelow(t, dir) {
			if name != filepath.Join("in", "here", "good") && name != filepath.Join("in", "here", "-rf") {
				t.Errorf("%v made %s", args, name)
			}
		}
	}
}

// C-13: of two entries with one name only the first comes, and it is not replaced.
func TestGetTwice_C13(t *testing.T) {
	h := start(t, wicked{
		lists: map[string][]string{
			"/": {"type=dir; d", "type=dir; e"}, "/d/": {"type=file;size=5; f"}, "/e/": {"type=file;size=6; f"},
		},
		files: map[string]string{"/d/f": "first", "/e/f": "second"},
	})
	t.Chdir(t.TempDir())
	code, _, errs := against(t.Context(), t, h, "get", "URL/*/f")
	if code != exitPartly || !strings.Contains(errs, "has that name here already") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if text, _ := os.ReadFile("f"); string(text) != "first" {
		t.Errorf("%q", text)
	}
}

// C-12: a link that lies here already leads no download out of the folder.
func TestGetThroughLink_C12(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("outside", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("in", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("outside/f", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"in/sub": "../outside", "in/f": "../outside/f"} {
		if err := os.Symlink(to, name); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	h := start(t, wicked{
		lists: map[string][]string{"/d/": {"type=dir; sub", "type=file;size=4; f"}, "/d/sub/": {"type=file;size=4; f", "type=file;size=4; g"}},
		files: map[string]string{"/d/f": "evil", "/d/sub/f": "evil", "/d/sub/g": "evil"},
	})
	if code, out, errs := against(t.Context(), t, h, "get", "-r", "URL/d", "in"); code == 0 {
		t.Errorf("exit code 0\n%s%s", out, errs)
	}
	if text, _ := os.ReadFile("outside/f"); string(text) != "mine" {
		t.Errorf("the file outside became %q", text)
	}
	if _, err := os.Stat("outside/g"); err == nil {
		t.Error("a file was made outside")
	}
	if code, _, _ := against(t.Context(), t, h, "get", "URL/d/f", "URL/d/sub/g", "in"); code != exitPartly {
		t.Errorf("exit code %d", code)
	}
	if text, _ := os.ReadFile("outside/f"); string(text) != "mine" {
		t.Errorf("the file outside became %q", text)
	}
}

// C-14: folders without end are left after a bounded number of them.
func TestEndlessFolders_C14(t *testing.T) {
	endless := map[string][]string{"/": {"type=dir; d"}}
	for n, dir := 0, "/d"; n < 100; n, dir = n+1, dir+"/d" {
		endless[dir+"/"] = []string{"type=dir; d"}
	}
	h := start(t, wicked{lists: endless})
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"ls", "-R", "URL/"}, {"rm", "-r", "URL/d"}, {"get", "-r", "URL/d", "here"}} {
		if code, _, errs := against(t.Context(), t, h, args...); code == 0 || errs == "" {
			t.Errorf("%v: exit code %d\n%s", args, code, errs)
		}
	}
	// A folder that is its own: the server says so by a fact.
	h = start(t, wicked{lists: map[string][]string{"/": {"type=dir;unique=1; a"}, "/a/": {"type=dir;unique=2; b"}, "/a/b/": {"type=dir;unique=1; a"}}})
	code, out, errs := against(t.Context(), t, h, "ls", "-R", "URL/")
	if code != exitPartly || strings.Count(out, "\n") != 3 || !strings.Contains(errs, "no end") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// C-16: whatever a server says and lists, nothing of it drives the terminal.
func TestTerminal_C16(t *testing.T) {
	name := strings.ReplaceAll(evil, "\r", "") // that ends a line
	h := start(t, wicked{
		lists: map[string][]string{"/d/": {"type=file;size=2; " + name, "type=file;size=2; gone" + name, "type=dir; sub" + name}},
		files: map[string]string{"/d/" + name: "ok"},
	})
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"ls", "URL/d"}, {"ls", "--json", "URL/d"}, {"ls", "-R", "--verbose", "URL/d"}, {"ls", "URL/none"},
		{"get", "-r", "URL/d", "here"}, {"get", "-r", "--json", "URL/d", "there"}, {"get", "--verbose", "URL/d/*", "."},
		{"get", "URL/none"}, {"rm", "-r", "URL/d"}, {"rm", "--verbose", "URL/none"}, {"stat", "URL/none"},
	} {
		_, out, errs := against(t.Context(), t, h, args...)
		for _, text := range []string{out, errs} {
			if i := strings.IndexFunc(strings.ReplaceAll(text, "\n", ""), func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e }); i >= 0 {
				t.Errorf("%v printed %q", args, text)
			}
		}
		if out+errs == "" {
			t.Errorf("%v printed nothing", args)
		}
	}
	_, _, errs := against(t.Context(), t, h, "get", "--verbose", "URL/none")
	for _, want := range []string{`< 211-Features`, `\x1b]52;c;eA==\x07`, `> PASS ****`} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not in\n%s", want, errs)
		}
	}
	if strings.Contains(errs, ftptest.Password) {
		t.Error("the password is shown") // C-25
	}
}

// Ctrl-C leaves a part, says how to go on, and --resume fetches only what is missing.
func TestInterrupted(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20_000) // 320,000 bytes
	half := len(text) / 2
	var mu sync.Mutex
	var rests []string
	ctx, cancel := context.WithCancel(t.Context())
	w := wicked{lists: map[string][]string{"/d/": {"type=file;size=320000;modify=20200102030405; f"}}, files: map[string]string{"/d/f": text}}
	h := start(t, wicked{lists: w.lists, files: w.files, retr: func(s *ftptest.Session, name string) bool {
		s.Reply("150 go")
		d := s.Data()
		d.Send(text[:half])
		cancelWhenThere(t, cancel, "here/f.part", half)
		d.Silence()
		s.Expect("ABOR")
		s.Reply("426 broken off", "226 aborted")
		return true
	}})
	t.Chdir(t.TempDir())
	code, _, errs := against(ctx, t, h, "get", "-r", "URL/d", "here")
	if code != exitInterrupted || !strings.Contains(errs, "--resume") {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	info, err := os.Stat("here/f.part")
	if err != nil || info.Size() < int64(half) {
		t.Fatalf("%v, %v", info, err)
	}
	if _, err := os.Stat("here/f"); err == nil {
		t.Error("the file is there too early")
	}
	h = start(t, wicked{lists: w.lists, files: w.files, retr: func(s *ftptest.Session, name string) bool {
		mu.Lock()
		defer mu.Unlock()
		rests = append(rests, name)
		return false
	}})
	// This server has no REST after all: then the file is fetched from its beginning.
	code, out, errs := against(t.Context(), t, h, "get", "-r", "--resume", "--json", "URL/d", "here")
	if code != 0 || !strings.Contains(out, `"offset":160000`) {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if got, _ := os.ReadFile("here/f"); !bytes.Equal(got, []byte(text)) {
		t.Errorf("%d bytes", len(got))
	}
}

// cancelWhenThere cancels when the file has its bytes. It is called by the server, which
// can only know that they were sent.
func cancelWhenThere(t *testing.T, cancel func(), name string, size int) {
	for {
		info, err := os.Stat(name)
		if err == nil && info.Size() >= int64(size) {
			cancel()
			return
		}
		if t.Context().Err() != nil {
			return
		}
	}
}

// What fails for the moment is tried again, from where it stopped, and told.
func TestRetries(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20_000)
	var mu sync.Mutex
	tries := 0
	h := start(t, wicked{files: map[string]string{"/f": text}, retr: func(s *ftptest.Session, name string) bool {
		mu.Lock()
		tries++
		first := tries == 1
		mu.Unlock()
		if !first {
			return false
		}
		s.Reply("150 go")
		d := s.Data()
		d.Send(text[:1000])
		d.FIN() // no close_notify: cut
		s.Reply("426 cut " + evil)
		return true
	}})
	t.Chdir(t.TempDir())
	code, _, errs := against(t.Context(), t, h, "get", "URL/f")
	if code != 0 || !strings.Contains(errs, "trying again in ") || strings.Contains(errs, "\x1b") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if got, _ := os.ReadFile("f"); string(got) != text {
		t.Errorf("%d bytes", len(got))
	}
	mu.Lock()
	tries = 0
	mu.Unlock()
	if code, _, errs := against(t.Context(), t, h, "get", "--retries", "0", "URL/f", "g"); code != exitNotVerified {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if info, err := os.Stat("g.part"); err != nil || info.Size() != 1000 {
		t.Errorf("the part: %v, %v", info, err)
	}
}

// D-08: a download is told of after the bytes are synced, then renamed, and then the
// folder is synced.
func TestLandingOrder_D08(t *testing.T) {
	t.Chdir(t.TempDir())
	p, err := openPart("f", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.file, "text"); err != nil {
		t.Fatal(err)
	}
	var order []string
	real := p.land
	exists := func() string {
		if _, err := os.Stat("f"); err == nil {
			return " after"
		}
		return " before"
	}
	p.land = landing{
		sync: func(f *os.File) error { order = append(order, "sync"+exists()); return real.sync(f) },
		rename: func(r *os.Root, a, b string) error {
			order = append(order, "rename"+exists())
			return real.rename(r, a, b)
		},
		syncDir: func(r *os.Root, dir string) error {
			order = append(order, "folder"+exists())
			return real.syncDir(r, dir)
		},
	}
	if err := p.commit(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"sync before", "rename before", "folder after"}; !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	// A sync that fails is no success, and nothing is renamed.
	if p, err = openPart("g", false); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(p.file, "text")
	p.land.sync = func(*os.File) error { return os.ErrDeadlineExceeded }
	if err := p.commit(time.Time{}); err == nil {
		t.Error("a failed sync was a success")
	}
	if _, err := os.Stat("g"); err == nil {
		t.Error("the file is there after a failed sync")
	}
}
