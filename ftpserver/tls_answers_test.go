package ftpserver_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// a KeyUpdate that comes long after the last reply is answered: the time limit of
// that reply is not that of the answer.
func TestR164KeyUpdateLongAfterReply(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.Write = 10 * time.Millisecond })
	c := connect(t, srv)
	l := securedByHand(t, c, tls.VersionTLS13)
	c.userPass()
	<-time.After(50 * time.Millisecond) // the limit of the last reply is over
	if err := l.keyUpdate(true); err != nil {
		t.Fatal(err)
	}
	c.do("NOOP", "200")
	if l.updates != 1 {
		t.Errorf("the server changed its keys %d times", l.updates)
	}
}

// T-18, V-92: a client that makes the server answer KeyUpdates on the control connection and
// reads none of the answers is given up, also before the first reply under TLS.
func TestT18AnswersNotReadOnControl(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Limits.Write, s.Limits.Login = time.Second, 2*time.Second
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventSessionEnd {
				close(ended)
			}
		}
	})
	c := connect(t, srv)
	c.tcp.SetReadBuffer(4 << 10)
	l := securedByHand(t, c, tls.VersionTLS13)
	go func() {
		for sent := 0; l.keyUpdate(true) == nil && (sent%15 != 14 || l.send(recordData, []byte("x")) == nil); sent++ {
		}
	}()
	select {
	case <-ended:
	case <-time.After(hangLimit):
		t.Fatal("the server neither reads on nor ends the session")
	}
}
