package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/internal/testport"
)

// tutorialFiles are what the page takes for granted.
func tutorialFiles(t *testing.T) {
	t.Helper()
	big := make([]byte, 1_200_000)
	rand.Read(big)
	for name, content := range map[string][]byte{"order.csv": []byte("1,2\r\n"), "big.bin": big} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("shared", 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestTutorial types every line of docs/tutorial.md, in one folder, on ports that are free here,
// and compares what is printed.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tut") // short: there is a socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Chdir(dir)
	tutorialFiles(t)
	first := testport.Range(t, 9)
	page := strings.NewReplacer("127.0.0.1:2121", fmt.Sprintf("127.0.0.1:%d", first),
		`"2991-2998"`, fmt.Sprintf(`"%d-%d"`, first+1, first+8)).Replace(string(text))
	for name, content := range pageFiles(page) {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := &tutorial{t: t}
	steps := pageSteps(page)
	if len(steps) < 25 {
		t.Fatalf("the page has %d commands", len(steps))
	}
	for _, s := range steps {
		run.step(s)
	}
	if run.server == nil {
		t.Fatal("no server was started")
	}
	if code := <-run.server; code != 0 {
		t.Errorf("the server ended with %d\n%s", code, run.log.String())
	}
}

// pageFiles gives the blocks that are files: ```toml NAME.
func pageFiles(page string) map[string]string {
	files := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)^```toml (\\S+)\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		files[filepath.Base(m[1])] = m[2]
	}
	return files
}

type tutorial struct {
	t        *testing.T
	password string
	server   chan int // its exit code; nil: not started
	log      safeBuffer
}

func (r *tutorial) env(out, errs io.Writer) *Env {
	return &Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Getenv: func(name string) string {
		if name == "SEALANE_PASSWORD" {
			return r.password
		}
		return ""
	}}
}

func (r *tutorial) step(s howtoStep) {
	r.t.Helper()
	if s.args[0] == "serve" {
		r.serve(s)
		return
	}
	out := r.run(s.args)
	for range 100 { // lines of the trail gather for 50 ms before they are written
		if s.args[0] != "log" || s.matches(out) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		out = r.run(s.args)
	}
	if m := regexp.MustCompile(`(?m)^password of \S+: (\S+)`).FindStringSubmatch(out); m != nil && s.args[0] == "user" {
		r.password = m[1]
	}
	s.compare(r.t, out)
}

// run runs a command and gives what it prints, to either stream.
func (r *tutorial) run(args []string) string {
	var out bytes.Buffer
	if code := Main(context.Background(), r.env(&out, &out), args); code != 0 {
		out.WriteString("exit code " + strconv.Itoa(code) + "\n")
	}
	return out.String()
}

// serve starts the server and waits until it is ready.
func (r *tutorial) serve(s howtoStep) {
	r.t.Helper()
	read, write := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, r.env(write, &r.log), s.args)
		write.Close()
	}()
	r.t.Cleanup(cancel)
	r.server = ended
	var text strings.Builder
	for b := make([]byte, 4096); !strings.Contains(text.String(), "Ready."); {
		n, err := read.Read(b)
		if err != nil {
			r.t.Fatalf("the server has ended:\n%s%s", text.String(), r.log.String())
		}
		text.Write(b[:n])
	}
	go io.Copy(io.Discard, read)
	s.compare(r.t, text.String())
}

// compare holds what a command printed to what the page says.
func (s howtoStep) compare(t *testing.T, got string) {
	t.Helper()
	if !s.matches(got) {
		t.Errorf("sealane %s printed\n%s\nand not\n%s", strings.Join(s.args, " "), got, strings.Join(s.want, "\n"))
	}
}

// matches reports whether it is; "…" is any text, of several lines where it is alone on
// one.
func (s howtoStep) matches(got string) bool {
	want := strings.ReplaceAll(regexp.QuoteMeta(strings.Join(s.want, "\n")), "…", "(?s:.*?)")
	if want != "" {
		want += "\n"
	}
	return regexp.MustCompile("^" + want + "$").MatchString(got)
}
