package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"github.com/caddyserver/certmagic"
)

// maxName is the longest name of a host (RFC 1035 §2.3.4); longer ones are not looked for.
const maxName = 253

// ErrNone says that there is no certificate yet.
var ErrNone = errors.New("acme: no certificate yet")

// Manager holds the certificates of a server. Its methods may be called by several
// goroutines at the same time.
type Manager struct {
	options Options
	cache   atomic.Pointer[certmagic.Cache] // nil before Start
}

// New makes a manager that does nothing yet. Its errors wrap ErrOptions.
func New(o Options) (*Manager, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Manager{options: o}, nil
}

// Start, which is for one call, loads what the storage has and then works in the
// background until ctx ends and Close is called. Its error is that of a storage
// that cannot be used.
func (m *Manager) Start(ctx context.Context) error {
	if err := os.MkdirAll(m.options.Storage, 0o700); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	if err := m.config().ManageAsync(ctx, m.options.Names); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	return nil
}

// config is what certmagic is to do.
func (m *Manager) config() *certmagic.Config {
	o, log := m.options, newZap(m.options.Logger)
	var config *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return config, nil },
		RenewCheckInterval: o.CheckEvery,
		Logger:             log,
	})
	config = certmagic.New(cache, certmagic.Config{
		Storage:          &certmagic.FileStorage{Path: o.Storage},
		ReusePrivateKeys: o.KeepKey,
		OnEvent:          o.event,
		Logger:           log,
	})
	issuer := certmagic.ACMEIssuer{
		CA: o.Directory, Email: o.Email, Agreed: true, TrustedRoots: o.Roots,
		ListenHost: o.Host, AltHTTPPort: o.HTTPPort, AltTLSALPNPort: o.TLSPort,
		DisableHTTPChallenge: !o.has(HTTP01), DisableTLSALPNChallenge: !o.has(TLSALPN01),
		Logger: log,
	}
	if issuer.CA == "" {
		issuer.CA = LetsEncrypt
	}
	if len(o.Hook) > 0 {
		issuer.DNS01Solver = &Hook{Command: o.Hook}
	}
	config.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(config, issuer)}
	m.cache.Store(cache)
	return config
}

// Close ends the work in the background. GetCertificate goes on with what there is.
func (m *Manager) Close() {
	if cache := m.cache.Load(); cache != nil {
		cache.Stop()
	}
}

// GetCertificate is for tls.Config. It answers by the name that the client asked for, and by
// the first of all names if that is none of ours; ErrNone if there is no certificate
// for it.
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	cache := m.cache.Load()
	if cache == nil {
		return nil, ErrNone
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	for _, cert := range m.candidates(cache, name) {
		if err := hello.SupportsCertificate(&cert.Certificate); err == nil {
			return &cert.Certificate, nil
		}
	}
	return nil, ErrNone
}

// candidates are the certificates for a name, or for the first of ours. Only memory
// is looked at: what a client sends must not reach the disk.
func (m *Manager) candidates(cache *certmagic.Cache, name string) []certmagic.Certificate {
	if name != "" && len(name) <= maxName {
		if found := cache.AllMatchingCertificates(name); len(found) > 0 {
			return found
		}
	}
	return cache.AllMatchingCertificates(m.options.Names[0])
}

// event passes on what certmagic says about its work.
func (o Options) event(_ context.Context, event string, data map[string]any) error {
	if o.Changed == nil {
		return nil
	}
	name, _ := data["identifier"].(string)
	renewed, _ := data["renewal"].(bool)
	switch event {
	case "cert_obtained":
		o.Changed(name, renewed, nil)
	case "cert_failed":
		err, ok := data["error"].(error)
		if !ok {
			err = errors.New("acme: no certificate was given")
		}
		o.Changed(name, renewed, err)
	}
	return nil
}
