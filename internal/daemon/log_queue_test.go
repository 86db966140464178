package daemon

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/config"
)

// stuck takes nothing until it is free, and then what it is told to.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	err  error
	text strings.Builder
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	return s.text.Write(b)
}

func (s *stuck) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// F-11: while nobody reads the log, sessions come, move files and go.
func TestDeadLogHoldsUpNobody(t *testing.T) {
	t.Parallel()
	to := &stuck{free: make(chan struct{})}
	q := NewLogQueue(to)
	srv := ftptest.NewServer(nil, func(s *ftpserver.Server) { s.Observe = logEvent(newLogger(q, config.FormatText)) })
	t.Cleanup(srv.Close)
	u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	u.Password = ftptest.Password
	for range 3 {
		c, err := ftpclient.Dial(t.Context(), u, ftpclient.Options{RootCAs: srv.Pool})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(send(c, "/f", "content"), c.Quit(t.Context()), c.Close()); err != nil {
			t.Error(err)
		}
	}
	close(to.free)
	q.Close()
	if n := strings.Count(to.text.String(), "path=/f"); n != 3 {
		t.Errorf("%d transfers are in the log:\n%s", n, to.text.String())
	}
}

// F-11: what does not fit, or cannot be written, is counted, and told of when there is room.
func TestLogQueueCountsLosses(t *testing.T) {
	t.Parallel()
	for _, format := range []string{config.FormatText, config.FormatJSON} {
		to := &stuck{free: make(chan struct{})}
		q := NewLogQueue(to)
		log := newLogger(q, format)
		const lines = 100_000
		for i := range lines {
			log.Info("what happens", "number", i, "text", strings.Repeat("x", 30))
		}
		close(to.free)
		q.Close()
		text := to.text.String()
		kept := strings.Count(text, "what happens")
		if kept == 0 || kept == lines || len(text) > 2*logRoom+1000 {
			t.Errorf("%d lines of %d, %d bytes", kept, lines, len(text))
		}
		told := fmt.Sprint("lost=", lines-kept)
		if format == config.FormatJSON {
			told = fmt.Sprintf(`"lost":%d}`, lines-kept)
		}
		if !strings.Contains(text, told) {
			t.Errorf("%s is not in the log, which ends with %q", told, text[len(text)-200:])
		}
	}
}

// A disk that is full loses lines and no more; the ones after it are written.
func TestLogQueueAfterErrors(t *testing.T) {
	t.Parallel()
	to := &stuck{free: make(chan struct{}), err: errors.New("full")}
	failed := make(chan struct{})
	q := NewLogQueue(writerFunc(func(b []byte) (int, error) {
		n, err := to.Write(b)
		if err != nil {
			failed <- struct{}{}
		}
		return n, err
	}))
	fmt.Fprint(q, "one\n")
	close(to.free)
	<-failed
	to.set(nil)
	fmt.Fprint(q, "two\n")
	q.Close()
	fmt.Fprint(q, "late\n")
	if text := to.text.String(); !strings.HasPrefix(text, "two\n") || !strings.Contains(text, "lost=1\n") {
		t.Errorf("%q", text)
	}
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
