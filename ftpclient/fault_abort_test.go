package ftpclient_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// reader calls between, then goes on without end.
type reader struct{ between func() }

func (r reader) Read(p []byte) (int, error) { r.between(); return len(p), nil }

// The end of a context costs the transfer, and if the server answers ABOR in time,
// nothing else: also if it has told of the lost data connection before ABOR came. What
// becomes of the session is settled when the call returns.
func TestFaultAbortSettled(t *testing.T) {
	for range 200 { // it is a race, between what the end of the context sets off
		loggedIn(t, func(s *ftptest.Session) {
			s.Login()
			d := s.Transfer("STOR /f")
			d.Drain()
			s.Reply("426 cut")
			s.Answer("ABOR", "226 done")
		}, func(t *testing.T, _ *ftptest.Hostile, c *ftpclient.Client) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if _, err := c.Store(ctx, "/f", 0, io.LimitReader(reader{cancel}, 1<<20)); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			survives(t, c)
			time.Sleep(time.Minute) // by the bubble's clock: past every limit of ABOR
			synctest.Wait()
			survives(t, c)
		})
	}
}
