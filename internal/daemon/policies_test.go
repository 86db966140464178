package daemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
)

// What the settings say of an account is in its grant, and only in its.
func TestAccountPolicies(t *testing.T) {
	hash, err := password.Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	list := []config.Account{
		{Name: "anna", PasswordHash: hash},
		{Name: "scanner", PasswordHash: hash, Resumption: config.ResumptionOff, LegacyEOF: true},
		{Name: "bank", PasswordHash: hash, Resumption: config.ResumptionRequire},
		{Name: "auto", PasswordHash: hash, Resumption: config.ResumptionAuto},
		{Name: "slow", PasswordHash: hash, Storage: config.Storage{SessionUp: 1, SessionDown: 1}},
	}
	d := &daemon{lasting: &lasting{}, policies: policies(list)}
	d.trees = newTrees(config.Default(), t.TempDir(), newFolders())
	t.Cleanup(func() { d.trees.Close() })
	if d.book, err = book(t.Context(), list, d.trees); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]auth.DataPolicy{
		"anna": {}, "scanner": {Resumption: auth.ResumptionOff, LegacyEOF: true},
		"bank": {Resumption: auth.ResumptionRequire}, "auto": {Resumption: auth.ResumptionAuto},
	} {
		grant, err := d.login(t.Context(), auth.Credentials{User: name, Password: "x"})
		if err != nil || grant.Account != name || grant.Data != want {
			t.Errorf("%s: %+v, %v", name, grant, err)
		}
	}
	slow := func() vfs.FS {
		grant, err := d.login(t.Context(), auth.Credentials{User: "slow", Password: "x"})
		if err != nil {
			t.Fatal(err)
		}
		return grant.FS
	}
	anna, _ := d.login(t.Context(), auth.Credentials{User: "anna", Password: "x"})
	again, _ := d.login(t.Context(), auth.Credentials{User: "anna", Password: "x"})
	if slow() == slow() || anna.FS != again.FS {
		t.Error("the rates of one session are those of another, too, or of an account without them")
	}
	if grant, err := d.login(t.Context(), auth.Credentials{User: "anna", Password: "y"}); grant != nil || !errors.Is(err, auth.ErrDenied) {
		t.Errorf("wrong password: %v, %v", grant, err)
	}
}

// The settings of proxies and of the public address reach the server.
func TestProxySettings(t *testing.T) {
	c := config.Default()
	c.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	c.Data.PublicAddress.Addr = netip.MustParseAddr("203.0.113.5")
	d := &daemon{lasting: &lasting{}, config: c, log: newLogger(io.Discard, c.Log.Format)}
	d.build()
	if got := d.server.Proxy.Trusted; len(got) != 1 || got[0] != c.Proxy.Trusted[0] {
		t.Errorf("trusted: %v", got)
	}
	remote, _, err := d.server.Proxy.ReadHeader(strings.NewReader("PROXY TCP4 192.0.2.7 203.0.113.5 50000 21\r\n"))
	if err != nil || remote.String() != "192.0.2.7:50000" {
		t.Errorf("header: %v, %v", remote, err)
	}
	if got := d.server.Data.PublicAddress(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")); got != c.Data.PublicAddress.Addr {
		t.Errorf("public address: %v", got)
	}
}

// The log tells of the data ports every hour, if there is news, and at the end.
func TestLogCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var mu sync.Mutex
		var counts ftpserver.DataPortCounts
		change := func(f func(*ftpserver.DataPortCounts)) {
			mu.Lock()
			defer mu.Unlock()
			f(&counts)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			logCounts(ctx, newLogger(&out, config.FormatText), func() ftpserver.DataPortCounts {
				mu.Lock()
				defer mu.Unlock()
				return counts
			})
		}()
		lines := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := strings.Count(out.String(), "\n"); got != want {
				t.Errorf("%d lines, want %d:\n%s", got, want, &out)
			}
		}
		time.Sleep(countsInterval)
		lines(0)
		change(func(c *ftpserver.DataPortCounts) { c.Waits, c.WaitBuckets[4] = 3, 1 })
		time.Sleep(countsInterval)
		lines(1)
		time.Sleep(countsInterval)
		lines(1)
		change(func(c *ftpserver.DataPortCounts) { c.Lapses = 1 })
		cancel()
		<-ended
		lines(2)
		if !strings.Contains(out.String(), "waits=3") || !strings.Contains(out.String(), "waits_over_1s=1") || !strings.Contains(out.String(), "lapses=1") {
			t.Error(out.String())
		}
	})
}
