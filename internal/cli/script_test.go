package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealane/sealane/internal/testport"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sealane": func() {
			env := &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
			os.Exit(Main(context.Background(), env, os.Args[1:]))
		},
	})
}

// TestScripts runs the commands as people do. Beside those of testscript there
// are:
//
//	start [arg ...]    "sealane serve" with these arguments, until it is ready;
//	                   sets $EXPLICIT, $IMPLICIT (HOST:PORT), $PIN, $PASSWORD
//	halt               end it politely, and demand exit code 0
//	exit CODE arg ...  "sealane" with these arguments must end with this code
//	capture NAME RE    sets $NAME to what the group of RE matches in stdout
//
// $EVIL is a name that turns the direction of text. $FREEPORT is a port of 127.0.0.1 that was free when the script began.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": startServer,
			"halt":  haltServer,
			"exit":  wantExit,
			"capture": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: capture NAME REGEXP")
				}
				m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
				if m == nil {
					ts.Fatalf("capture: nothing matches %s", args[1])
				}
				ts.Setenv(args[0], m[1])
			},
		},
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = new(runningServer)
			e.Defer(func() { e.Values[serverKey{}].(*runningServer).stop() })
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("SEALANE_PASSWORD", "")
			e.Setenv("EVIL", "a\u202eb")
			e.Setenv("FREEPORT", strconv.Itoa(testport.Range(t, 1)))
			return nil
		},
	})
}

type serverKey struct{}

// runningServer is the server of one script. It runs in the process of the test:
// what it prints can then be waited for.
type runningServer struct {
	cancel context.CancelFunc
	code   chan int
	log    safeBuffer
}

func (r *runningServer) stop() int {
	if r.cancel == nil {
		return 0
	}
	r.cancel()
	r.cancel = nil
	return <-r.code
}

// safeBuffer is a bytes.Buffer that two goroutines may use.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

var greetingRows = map[string]*regexp.Regexp{
	"EXPLICIT": regexp.MustCompile(`explicit FTPS +ftpes://(\S+)`),
	"IMPLICIT": regexp.MustCompile(`implicit FTPS +ftps://(\S+)`),
	"PIN":      regexp.MustCompile(`public key +(\S+)`),
	"PASSWORD": regexp.MustCompile(`password +(\S+)`),
}

func startServer(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(serverKey{}).(*runningServer)
	if neg || r.cancel != nil {
		ts.Fatalf("start: one server at a time, and it must start")
	}
	for i, arg := range args {
		if strings.HasPrefix(arg, "./") {
			args[i] = ts.MkAbs(arg)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, print := io.Pipe()
	r.cancel, r.code = cancel, make(chan int, 1)
	go func() {
		env := &Env{Stdin: strings.NewReader(""), Stdout: print, Stderr: &r.log, Getenv: ts.Getenv}
		args := append([]string{"serve", "--data-ports", "41000-41999", "--data-mode", "exclusive"}, args...)
		r.code <- Main(ctx, env, args)
		print.Close()
	}()
	text := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ready.") {
		text += lines.Text() + "\n"
	}
	if !strings.HasPrefix(lines.Text(), "Ready.") {
		ts.Fatalf("start: it ended with %d:\n%s%s", r.stop(), text, r.log.String())
	}
	go io.Copy(io.Discard, out)
	ts.Check(os.WriteFile(ts.MkAbs("greeting"), []byte(text), 0o600))
	for name, row := range greetingRows {
		if m := row.FindStringSubmatch(text); m != nil {
			ts.Setenv(name, m[1])
		}
	}
}

func haltServer(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value(serverKey{}).(*runningServer)
	if code := r.stop(); code != 0 || neg || len(args) > 0 {
		ts.Fatalf("halt: exit code %d\n%s", code, r.log.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(r.log.String()), 0o600))
}

func wantExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE arg ...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("sealane", args[1:]...)
	got := 0
	if err != nil {
		var ok bool
		if got, ok = exitStatus(err); !ok {
			ts.Fatalf("exit: %v", err)
		}
	}
	if got != want {
		ts.Fatalf("sealane %s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func exitStatus(err error) (int, bool) {
	code, ok := err.(interface{ ExitCode() int })
	if !ok {
		return 0, false
	}
	return code.ExitCode(), true
}
