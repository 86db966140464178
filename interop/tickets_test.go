//go:build interop && unix

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ticketMoves is one session: d is a download, u an upload.
const ticketMoves = "uuddudd"

// ticketFile is enough to be on its way while the server does not read.
const ticketFile = 3 * mib

// ticketClient is a client that moves several files in one session.
type ticketClient struct {
	client
	move func(t *testing.T, e errand, moves string) error
	// resumes has a sign for each move, by TLS version: r for a data connection
	// that has to resume, - for one that does not, ? for either.
	resumes map[string]string
}

// ticketClients is the table that the policy of tickets was made from: in TLS 1.3
// who shows a ticket gets another, but for an upload that is known before its
// handshake, and who shows none gets none before it has resumed once; in 1.2 who
// resumes keeps what it has.
func ticketClients() []ticketClient {
	const all, never = "rrrrrrr", "-------"
	resuming := ftplib()
	resuming.name += " that resumes"
	return []ticketClient{
		// It shakes hands before its command, so that uploads bring tickets too, but
		// whether the server hears the command first is a race. In 1.2 it resumes
		// by session ids only, which crypto/tls does not have.
		{curl(), moveCurl, map[string]string{"1.3": "r??rr?r", "1.2": never}},
		{lftp(), moveLftp, map[string]string{"1.3": all, "1.2": all}},
		{ftplib(), moveScript(nil, "python3", "testdata/client.py"), map[string]string{"1.3": never, "1.2": never}},
		{resuming, moveScript(nil, "python3", "testdata/resume.py"), map[string]string{"1.3": all, "1.2": all}},
		{netFTP(), moveScript(nil, "perl", "testdata/client.pl"), map[string]string{"1.3": never, "1.2": never}},
		{basicFTP(), moveScript(nil, "node", "testdata/client.js"), map[string]string{"1.3": all, "1.2": all}},
		// It uses each ticket once, so the one that an upload does not bring is
		// missing behind it.
		{php(), moveScript(phpEnv, "php", phpScript()...), map[string]string{"1.3": "r--rr-r", "1.2": all}},
	}
}

// T-07: the policy of tickets, with real clients: several uploads and downloads in
// one session of each, by TLS 1.3 and 1.2, on a server that stops reading every now
// and then. All files are whole at the first attempt, and each client resumes as
// often as it can.
func TestT07TicketPolicy(t *testing.T) {
	steady, stuttering := serve(t), serve(t)
	stutter(t, stuttering)
	for _, c := range ticketClients() {
		for _, l := range []link{{steady, false, "1.3"}, {steady, false, "1.2"}, {stuttering, false, "1.3"}, {stuttering, false, "1.2"}} {
			s, version := l.server, l.version
			name := fmt.Sprintf("%s TLS %s stutter=%t", c.name, version, s == stuttering)
			t.Run(name, func(t *testing.T) {
				c.need(t)
				e := ticketErrand(t, l)
				before := len(s.output.String())
				if err := c.move(t, e, ticketMoves); err != nil {
					t.Fatal(err)
				}
				s.drained(t)
				e.whole(t)
				want, got := c.resumes[version], ""
				eventually(t, "the log has all transfers", func() bool {
					got = resumedFlags(s.output.String()[before:], e.id)
					return len(got) >= len(want)
				})
				fits := len(want) == len(got)
				for i := 0; fits && i < len(want); i++ {
					fits = want[i] == '?' || want[i] == got[i]
				}
				if !fits {
					t.Errorf("%s resumed %q, want %q", ticketMoves, got, want)
				}
			})
		}
	}
}

// stutter stops the server for 60 ms again and again, so that clients have sent
// all and closed before it reads.
func stutter(t *testing.T, s *server) {
	t.Helper()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			for _, step := range []struct {
				signal syscall.Signal
				length time.Duration
			}{{syscall.SIGSTOP, 60 * time.Millisecond}, {syscall.SIGCONT, 40 * time.Millisecond}} {
				if err := syscall.Kill(s.pid, step.signal); err != nil {
					t.Errorf("%v: %v", step.signal, err)
					return
				}
				select {
				case <-time.After(step.length):
				case <-done:
					_ = syscall.Kill(s.pid, syscall.SIGCONT)
					return
				}
			}
		}
	}()
	t.Cleanup(func() { // before that of the server, which it lets go on
		close(done)
		<-ended
	})
}

// ticketErrand makes a file for each move.
func ticketErrand(t *testing.T, l link) errand {
	t.Helper()
	dir := t.TempDir()
	e := errand{link: l, id: fmt.Sprintf("t%s", filepath.Base(filepath.Dir(dir))), got: filepath.Join(dir, "got"), src: filepath.Join(dir, "src")}
	for _, d := range []string{e.got, e.src, filepath.Join(l.dir, "down", e.id), filepath.Join(l.dir, "up", e.id)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, way := range ticketMoves {
		e.files = append(e.files, fmt.Sprintf("%d%c", i, way))
		from := e.src
		if way == 'd' {
			from = filepath.Join(l.dir, "down", e.id)
		}
		if err := os.WriteFile(filepath.Join(from, e.files[i]), pattern(e.files[i], ticketFile), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// whole compares what arrived.
func (e errand) whole(t *testing.T) {
	t.Helper()
	for _, name := range e.files {
		path := filepath.Join(e.server.dir, "up", e.id, name)
		if strings.HasSuffix(name, "d") {
			path = filepath.Join(e.got, name)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		} else if string(data) != string(pattern(name, ticketFile)) {
			t.Errorf("%s: %d bytes, which are not the %d that it had", name, len(data), ticketFile)
		}
	}
}

// resumedFlags tells which transfers of an errand have resumed, in their order.
func resumedFlags(log, id string) string {
	var flags strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, " msg=transfer ") || !strings.Contains(line, id) {
			continue
		}
		switch {
		case field(line, "reply") != "226":
			flags.WriteString("!")
		case field(line, "resumed") == "true":
			flags.WriteString("r")
		default:
			flags.WriteString("-")
		}
	}
	return flags.String()
}

// moveCurl is one curl, which keeps its connection.
func moveCurl(t *testing.T, e errand, moves string) error {
	var args []string
	for i, way := range moves {
		if i > 0 {
			args = append(args, "--next")
		}
		args = append(args, curlArgs(e.link)...)
		if way == 'd' {
			args = append(args, "-o", filepath.Join(e.got, e.files[i]), curlURL(e.link, e.remote("down", e.files[i])))
		} else {
			args = append(args, "-T", filepath.Join(e.src, e.files[i]), curlURL(e.link, e.remote("up", e.files[i])))
		}
	}
	return e.call(t, patience, nil, "curl", args...)
}

func moveLftp(t *testing.T, e errand, moves string) error {
	var commands []string
	for i, way := range moves {
		if way == 'd' {
			commands = append(commands, "get /"+e.remote("down", e.files[i])+" -o "+lftpQuote(filepath.Join(e.got, e.files[i])))
		} else {
			commands = append(commands, "put "+lftpQuote(filepath.Join(e.src, e.files[i]))+" -o /"+e.remote("up", e.files[i]))
		}
	}
	return e.call(t, patience, nil, "lftp", lftpArgs(e.link, strings.Join(commands, "; "))...)
}

func moveScript(env func(t *testing.T, l link) []string, program string, script ...string) func(*testing.T, errand, string) error {
	return func(t *testing.T, e errand, moves string) error {
		var more []string
		if env != nil {
			more = env(t, e.link)
		}
		args := []string{"move"}
		for i, way := range moves {
			if way == 'd' {
				args = append(args, "down", e.remote("down", e.files[i]), filepath.Join(e.got, e.files[i]))
			} else {
				args = append(args, "up", filepath.Join(e.src, e.files[i]), e.remote("up", e.files[i]))
			}
		}
		return e.call(t, patience, more, program, scriptArgs(e.link, script, args...)...)
	}
}
