//go:build walljump

package daemon

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/config"
)

// F-09: certificates of clients are judged by the clock of the wall, at each login anew.
func TestF09JumpJudgesCertificates(t *testing.T) {
	ca := newAuthority(t, "clients")
	g := newGate(t, ca.pem(), ca.crl(66), config.Account{Name: "anna", Certificate: config.CertificateAlone})
	cert := ca.client(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(-30 * time.Minute) })
	for _, row := range []struct {
		by time.Duration
		in bool
	}{{0, true}, {24 * time.Hour, false}, {-time.Hour, false}, {10 * 8766 * time.Hour, false}, {0, true}} {
		time.JumpWall(row.by)
		toUser, toPass := g.login(cert, "anna", "x")
		time.JumpWall(-row.by)
		if in := toPass == "" && toUser[:3] == "232"; in != row.in {
			t.Errorf("%v later: %q, %q", row.by, toUser, toPass)
		}
	}
}

// F-09: an account ends at its day by the clock of the wall; a session that is open stays.
func TestF09JumpEndsAccounts(t *testing.T) {
	l, _ := startWithKept(t, store.Account{Name: "kept", Settings: store.Settings{Expires: new(time.Now().Add(12 * time.Hour))}}, store.Account{Name: "for ever"})
	open := l.connect(t)
	open.want("USER kept", "331")
	open.want("PASS "+livePassword, "230")
	fresh := func(name, code string) {
		t.Helper()
		p := l.connect(t)
		p.want("USER "+name, "331")
		p.want("PASS "+livePassword, code)
	}
	for _, row := range []struct {
		by   time.Duration
		kept string
	}{{24 * time.Hour, "530"}, {-time.Hour, "230"}, {0, "230"}} {
		time.JumpWall(row.by)
		fresh("kept", row.kept)
		fresh("for ever", "230")
		fresh("anna", "230")
		open.want("PWD", "257")
		time.JumpWall(-row.by)
	}
}
