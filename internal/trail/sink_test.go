package trail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// gated is a sink that takes lines when it is let.
type gated struct {
	gate chan struct{}
	got  atomic.Int64
}

func (g *gated) Name() string { return "gated" }

func (g *gated) Send(ctx context.Context, _ Entry) error {
	select {
	case <-g.gate:
		g.got.Add(1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gated) Close() error { return nil }

// F-11: a sink that is slow or dead holds up neither the files nor another sink. What it
// has lost is recorded.
func TestF11SlowSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		slow, fast := &gated{gate: make(chan struct{})}, &gated{gate: make(chan struct{})}
		close(fast.gate)
		tr, err := Open(Options{Dir: dir, queue: 10, Sinks: []Sink{slow, fast}})
		if err != nil {
			t.Fatal(err)
		}
		const n = 200
		for i := range n {
			tr.Record(transferred(i))
			time.Sleep(100 * time.Millisecond)
		}
		if err := tr.Healthy(); err != nil {
			t.Error(err)
		}
		if got := fast.got.Load(); got < n {
			t.Errorf("the other sink has %d lines", got)
		}
		close(slow.gate)
		time.Sleep(10 * time.Second)
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		lost := int64(0)
		files, _ := Files(dir)
		var last uint64
		if _, err := Scan(context.Background(), files, func(l Line, _ []byte) error {
			last = l.Seq
			if e := l.Event; e.Kind == Lost {
				if e.Sink != "gated" {
					t.Errorf("%+v", e)
				}
				lost += e.Lost
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if lost == 0 || lost+slow.got.Load() != int64(last) || count(t, dir, "transfer") != n {
			t.Errorf("%d lost, %d got, of %d lines", lost, slow.got.Load(), last)
		}
	})
}

// A sink that stays dead does not keep the server from ending.
func TestDeadSinkAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := &gated{gate: make(chan struct{})}
		tr, err := Open(Options{Sinks: []Sink{dead}})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := tr.Close(context.Background()); err != nil || time.Since(begun) > 2*closeTime {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

var rfc5424 = regexp.MustCompile(`^<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ \S+ \d+ (\S+) - (\{.*\})$`)

func wantMessage(t *testing.T, text, priority, kind string) {
	t.Helper()
	m := rfc5424.FindStringSubmatch(text)
	if m == nil || m[1] != priority || m[2] != kind {
		t.Errorf("not of RFC 5424, or not %s with priority %s: %q", kind, priority, text)
		return
	}
	if l, err := ParseLine([]byte(m[3])); err != nil || string(l.Event.Kind) != kind {
		t.Errorf("%q: %v", m[3], err)
	}
}

func entry(kind Kind, path string, grave bool) Entry {
	e := Event{Time: time.Unix(1e9, 0), Kind: kind, Path: path, Account: "an\nna"}
	return Entry{kind, e.Time, grave, newEncoder().appendLine(nil, 1, Sum{}, &e)}
}

func TestSyslogUDP(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := Syslog("udp", l.LocalAddr().String())
	defer s.Close()
	for _, e := range []Entry{entry("login", "", false), entry("refused", "a\nb\u2028", true)} {
		if err := s.Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		var buf [65536]byte
		n, _, err := l.ReadFrom(buf[:])
		if err != nil {
			t.Fatal(err)
		}
		priority := "110" // log audit, informational
		if e.Grave {
			priority = "108"
		}
		wantMessage(t, string(buf[:n]), priority, string(e.Kind))
	}
	big := entry("transfer", strings.Repeat("\x01", maxText), false)
	big.Text = append(big.Text, make([]byte, datagram)...)
	if err := s.Send(t.Context(), big); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// Over TCP each message stands behind its length; after a broken connection the next
// call makes another one.
func TestSyslogTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := Syslog("tcp", l.Addr().String())
	defer s.Close()
	for range 2 {
		if err := s.Send(t.Context(), entry("transfer", "/x", false)); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		length, err := r.ReadString(' ')
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, n)
		for i := range text {
			if text[i], err = r.ReadByte(); err != nil {
				t.Fatal(err)
			}
		}
		wantMessage(t, string(text), "110", "transfer")
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
		// Not every system tells of the reset at the first write.
		for err = nil; err == nil; {
			err = s.Send(t.Context(), entry("transfer", "/lost", false))
		}
	}
	l.Close()
	if err := s.Send(t.Context(), entry("login", "", false)); err == nil {
		t.Error("nobody listens, and it was sent")
	}
}

func TestJournal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system has no such sockets")
	}
	name := filepath.Join(t.TempDir(), "j")
	l, err := net.ListenPacket("unixgram", name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	j := Journal(name)
	defer j.Close()
	e := entry("change", "/a\nPRIORITY=0", true)
	if err := j.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var buf [65536]byte
	n, _, err := l.ReadFrom(buf[:])
	if err != nil {
		t.Fatal(err)
	}
	got := string(buf[:n])
	for _, want := range []string{
		"PRIORITY=4\n", "MESSAGE=" + string(e.Text) + "\n", "SEALANE_KIND=change\n", "SEALANE_ACCOUNT=an\\u000ana\n",
		"SEALANE_PATH=/a\\u000aPRIORITY=0\n", "SYSLOG_IDENTIFIER=" + filepath.Base(os.Args[0]) + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Count(got, "\nPRIORITY=") > 0 {
		t.Errorf("a field was forged:\n%s", got)
	}
}

// A trail without files numbers its lines from 1 and sends them.
func TestSinksAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []Entry
		s := &listed{&got}
		tr, err := Open(Options{Sinks: []Sink{s}, Every: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			tr.Record(transferred(i))
		}
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		var sum Sum
		for i, e := range got {
			l, err := ParseLine(e.Text)
			if err != nil || l.Seq != uint64(i+1) || l.Prev != sum || l.Event.Kind != e.Kind {
				t.Errorf("line %d: %s, %v", i, e.Text, err)
			}
			sum = sumOf(e.Text)
		}
		if len(got) != 7 || fmt.Sprint(got[0].Kind, got[6].Kind) != fmt.Sprint(Start, Stop) {
			t.Errorf("%d lines", len(got))
		}
	})
}

type listed struct{ to *[]Entry }

func (l *listed) Name() string                          { return "listed" }
func (l *listed) Send(_ context.Context, e Entry) error { *l.to = append(*l.to, e); return nil }
func (l *listed) Close() error                          { return nil }
