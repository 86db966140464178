package ftpclient_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// A server that is slow to accept is not overrun: of many that want a connection at
// once, few wait for a greeting at a time, and all get in.
func TestPoolArrivals(t *testing.T) {
	const many, few = 16, 4
	synctest.Test(t, func(t *testing.T) {
		var waiting atomic.Int32
		greet := make(chan struct{})
		h := ftptest.NewHostileInMemory(func(s *ftptest.Session) {
			waiting.Add(1)
			<-greet
			waiting.Add(-1)
			s.Login()
		})
		pool := ftpclient.NewPool(ftpclient.PoolOptions{Limit: many, Client: ftpclient.Options{RootCAs: h.Pool, DialContext: h.DialContext}})
		got := make(chan error, many)
		for range many {
			go func() {
				_, err := pool.Get(t.Context(), h.URL())
				got <- err
			}()
		}
		for left := many; left > 0; left-- {
			synctest.Wait()
			if n := int(waiting.Load()); n != min(few, left) {
				t.Errorf("%d wait for a greeting, want %d", n, min(few, left))
			}
			greet <- struct{}{}
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		pool.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Who waits for others to be greeted takes what becomes idle before, and can give up.
func TestPoolArrivalsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		greet := make(chan struct{}, 1)
		greet <- struct{}{}
		h := ftptest.NewHostileInMemory(func(s *ftptest.Session) {
			<-greet
			s.Login()
		})
		pool := ftpclient.NewPool(ftpclient.PoolOptions{Limit: 16, Client: ftpclient.Options{RootCAs: h.Pool, DialContext: h.DialContext}})
		first, err := pool.Get(t.Context(), h.URL())
		if err != nil {
			t.Fatal(err)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		got, none := make(chan *ftpclient.Client), make(chan error, 8)
		for range cap(none) {
			go func() {
				if c, err := pool.Get(ctx, h.URL()); err == nil {
					got <- c
				} else {
					none <- err
				}
			}()
		}
		synctest.Wait()
		pool.Put(first)
		if c := <-got; c != first {
			t.Error("another connection than the one that was idle")
		}
		giveUp()
		for range cap(none) - 1 {
			wantKind(t, <-none, context.Canceled)
		}
		pool.Close()
		close(greet)
		_ = h.Close() // the scripts end where the client goes
	})
}
