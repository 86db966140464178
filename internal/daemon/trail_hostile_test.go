package daemon

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/trail"
)

// S-37: a peer that puts control characters, quotes, JSON and bytes that are no text into
// all that it can name gets one line for each event, of valid JSON, in a chain that
// verifies. A password is in none, wherever it was sent.
func TestS37HostilePeer(t *testing.T) {
	state := t.TempDir()
	r, err := openTrail(config.Default(), state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	srv := ftptest.NewServer(nil, func(s *ftpserver.Server) {
		s.Observe = r.observe(func(context.Context, ftpserver.Event) {})
		s.Limits.LoginFailures = 10
	})
	tcp, err := net.Dial("tcp", srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	replies := bufio.NewReader(tcp)
	var conn net.Conn = tcp
	send := func(command string) string {
		if command != "" {
			if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
				t.Fatal(err)
			}
		}
		line, err := replies.ReadString('\n')
		if err != nil {
			t.Fatalf("%q: %v", command, err)
		}
		return line
	}
	send("")
	send("AUTH TLS")
	secured := tls.Client(tcp, &tls.Config{RootCAs: srv.Pool, ServerName: "localhost"})
	conn, replies = secured, bufio.NewReader(secured)
	const evil = "\"}\x1b[31m\x01{\"v\":1}\\\u202e\u2028\u0085\xff\xc3"
	send("CLNT " + evil)
	send("USER " + evil)
	send("PASS swordfish-1")
	send("swordfish-2 " + evil)
	send("USER " + ftptest.User)
	send("PASS " + ftptest.Password)
	send("MKD " + evil)
	send("DELE none " + evil)
	send("QUIT")
	tcp.Close()
	srv.Close()
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(state, trailFolder, "trail.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[trail.Kind]bool{}
	for raw := range bytes.Lines(text) {
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		if !json.Valid(raw) || bytes.ContainsFunc(raw, func(c rune) bool { return c == unicode.ReplacementChar || !unicode.IsPrint(c) }) &&
			!bytes.Contains(raw, []byte("_base64")) {
			t.Errorf("%q", raw)
		}
		l, err := trail.ParseLine(raw)
		if err != nil {
			t.Error(err)
		}
		e := l.Event
		if e.User == evil || e.Path == "/"+evil || e.Client == evil {
			found[e.Kind] = true
		}
	}
	for _, kind := range []trail.Kind{"login-failed", "session-end"} {
		if !found[kind] {
			t.Errorf("no %s says what was sent, exactly:\n%s", kind, text)
		}
	}
	for _, secret := range []string{"swordfish", ftptest.Password} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a password is in it:\n%s", text)
		}
	}
	rep, err := trail.Verify(t.Context(), filepath.Join(state, trailFolder), trail.Expect{})
	if err != nil || len(rep.Findings) > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}
