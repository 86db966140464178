package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftptest"
)

// heapChild is the variable by which this test binary becomes the program; its value are
// the arguments.
const heapChild = "SEALANE_TEST_HEAP_CHILD"

// TestHeapChild is the program of TestHeapOfProgram, and by itself nothing. The peak can
// only be read from inside: that which wait4 gives is also of the process that forked.
func TestHeapChild(t *testing.T) {
	text := os.Getenv(heapChild)
	if text == "" {
		t.Skip("is run by TestHeapOfProgram_C14")
	}
	// Beyond it the child fails, and the machine does not.
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: 512 << 20, Max: 512 << 20}); err != nil {
		t.Fatal(err)
	}
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatal(err)
	}
	env := &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, SetMemoryLimit: debug.SetMemoryLimit}
	code := Main(context.Background(), env, args)
	fmt.Printf("\npeak %d code %d\n", residentPeak(t), code)
}

// residentPeak gives VmHWM of this process, in bytes.
func residentPeak(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")), 10, 64)
	if !found || err != nil {
		t.Fatalf("VmHWM is %q", line)
	}
	return n << 10
}

// program runs a command in a process of its own, and gives its peak, its exit code and
// the end of what it said. It is interrupted when enough is closed.
func program(t *testing.T, h *ftptest.Hostile, enough <-chan struct{}, args ...string) (peak int64, code int, said string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "URL", "ftpes://"+ftptest.User+"@"+h.Addr)
		}
		args = append([]string{args[0], "--pin", certs.PinOf(h.Certificate.Leaf).String()}, args[1:]...)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestHeapChild$")
	cmd.Env = append(os.Environ(), heapChild+"="+string(must(json.Marshal(args))), "SEALANE_PASSWORD="+ftptest.Password, "GOGC=", "GOMEMLIMIT=")
	cmd.Dir = t.TempDir()
	var out, errs ending
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-enough:
			_ = cmd.Process.Signal(os.Interrupt)
		case <-ended:
		}
	}()
	err = cmd.Wait()
	close(ended)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out.last, errs.last)
	}
	_, told, _ := bytes.Cut(out.last, []byte("\npeak "))
	if _, err := fmt.Sscanf(string(told), "%d code %d", &peak, &code); err != nil {
		t.Fatalf("%v\n%s%s", err, out.last, errs.last)
	}
	return peak, code, string(errs.last[max(0, len(errs.last)-300):])
}

// underRace says that this is not the program as it is used.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// ending keeps the last of what is written.
type ending struct{ last []byte }

func (e *ending) Write(p []byte) (int, error) {
	const most = 4096
	e.last = append(e.last, p[max(0, len(p)-most):]...)
	e.last = append(e.last[:0], e.last[max(0, len(e.last)-most):]...)
	return len(p), nil
}

// flooder is a server whose folders list what list says, until the client has gone or
// list ends.
type flooder struct {
	list   func(dir string, n int) (line string, ok bool)
	refuse string // the reply to RETR
	tree   bool   // folders are in each; after 70 of them it is enough
	left   *atomic.Int64
	enough chan struct{}
}

func (f flooder) serve(s *ftptest.Session) {
	s.Login("MLST type*;size*;modify*;unique*;", "SIZE", "MDTM", "UTF8")
	for {
		line, ok := s.Line()
		if !ok {
			return
		}
		verb, name, _ := strings.Cut(line, " ")
		switch verb {
		case "EPSV":
			s.Reply(ftpEPSV(s.Listen()))
		case "MLST":
			if path.Base(name)[0] == 'f' {
				s.Reply("250-here", " type=file;size=1;modify=20200102030405; "+name, "250 end")
				continue
			}
			s.Reply("250-here", " type=dir; "+name, "250 end")
		case "MLSD":
			if f.tree && f.left.Add(-1) == 0 {
				close(f.enough)
				s.Silence()
				return
			}
			s.Reply("150 here it comes")
			d := s.Data()
			f.flood(d, name)
			d.End()
			s.Reply("226 done")
		case "NOOP", "MKD", "TYPE", "ABOR":
			s.Reply("200 ok")
		case "QUIT":
			s.Reply("221 bye")
			return
		case "RETR":
			if f.refuse != "" {
				s.Send(f.refuse)
				continue
			}
			s.Reply("550 no")
		default:
			s.Reply("550 no")
		}
	}
}

func (f flooder) flood(d *ftptest.Stream, dir string) {
	var block bytes.Buffer
	for n := 0; ; n++ {
		line, ok := f.list(dir, n)
		if ok {
			block.WriteString(line)
			block.WriteString("\r\n")
		}
		if !ok || block.Len() > 64<<10 {
			if _, err := d.Write(block.Bytes()); err != nil || !ok {
				return
			}
			block.Reset()
		}
	}
}

// C-14, C-15: whatever a server lists and says, the program takes no more than 64 MiB
// for it, beyond what it takes to say its version.
func TestHeapOfProgram_C14(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds for each server")
	}
	if underRace() {
		t.Skip("the race detector takes several times as much memory for itself")
	}
	const most = 64 << 20
	least, _, _ := program(t, nil, nil, "version")
	fat := strings.Repeat("x=y;", 15<<10) // a line may have 64 KiB
	long := strings.Repeat("n", 60<<10)
	loud := "550-" + strings.Repeat("x", 1000) + "\r\n"
	loud = strings.Repeat(loud, 950) + "550 no\r\n" // a reply may have 1 MiB
	each := func(format string) func(string, int) (string, bool) {
		return func(_ string, n int) (string, bool) { return fmt.Sprintf(format, n), true }
	}
	upTo := func(most int, list func(string, int) (string, bool)) func(string, int) (string, bool) {
		return func(dir string, n int) (string, bool) {
			if n == most {
				return "", false
			}
			return list(dir, n)
		}
	}
	servers := map[string]flooder{
		"endless files":      {list: each("type=file;size=1;modify=20200102030405; f%08d")},
		"endless folders":    {list: each("type=dir;unique=u%[1]d;modify=20200102030405; d%08[1]d")},
		"facts":              {list: upTo(2000, each("type=file;size=1;"+fat+"modify=20200102030405; f%08d"))},
		"endless unique":     {list: each("type=dir;unique=" + long + "%[1]d; d%08[1]d")},
		"long names":         {list: upTo(2000, each("type=file;size=1;modify=20200102030405; "+long+"%08d"))},
		"many files":         {list: upTo(400_000, each("type=file;size=1;modify=20200102030405; f%08d"))},
		"as many as may be":  {list: upTo(maxMatches, each("type=file;size=1;modify=20200102030405; name-of-a-file-%08d"))},
		"a tree without end": {list: upTo(2000, each("type=dir;modify=20200102030405; d%08d")), tree: true},
		"loud":               {list: upTo(150, each("type=file;size=1;modify=20200102030405; f%08d")), refuse: loud},
	}
	for _, tt := range []struct {
		server string
		args   []string
	}{
		{"endless files", []string{"ls", "URL/"}},
		{"endless files", []string{"get", "-r", "URL/", "here"}},
		{"endless files", []string{"get", "URL/*", "."}},
		{"endless folders", []string{"ls", "-R", "URL/"}},
		{"endless folders", []string{"mirror", "URL/", "here"}},
		{"facts", []string{"ls", "URL/"}},
		{"facts", []string{"mirror", "--dry-run", "URL/", "here"}},
		{"endless unique", []string{"rm", "-r", "--force", "URL/"}},
		{"endless unique", []string{"mirror", "--dry-run", "URL/", "here"}},
		{"many files", []string{"ls", "-U", "URL/"}},
		{"as many as may be", []string{"ls", "URL/*"}},
		{"long names", []string{"ls", "URL/"}},
		{"long names", []string{"mirror", "--dry-run", "URL/", "here"}},
		{"a tree without end", []string{"ls", "-R", "URL/"}},
		{"a tree without end", []string{"mirror", "--dry-run", "URL/", "here"}},
		{"loud", []string{"get", "-r", "URL/", "here"}},
		{"loud", []string{"mirror", "URL/", "here"}},
	} {
		t.Run(tt.server+" "+strings.Join(tt.args, " "), func(t *testing.T) {
			f := servers[tt.server]
			f.left, f.enough = new(atomic.Int64), make(chan struct{})
			f.left.Store(70)
			h := ftptest.NewHostile(f.serve)
			defer h.Close()
			peak, code, said := program(t, h, f.enough, tt.args...)
			t.Logf("%d KiB, exit code %d: %s", (peak-least)>>10, code, said)
			if complete := tt.server == "many files" || tt.server == "as many as may be"; complete && code != 0 {
				t.Errorf("exit code %d: %s", code, said)
			}
			if peak-least > most {
				t.Errorf("%d KiB more than for its version", (peak-least)>>10)
			}
		})
	}
}
