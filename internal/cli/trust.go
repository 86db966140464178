package cli

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// trust decides whether one server is trusted, asks if nobody knows, and
// remembers.
type trust struct {
	env      *Env
	store    *certs.KnownHosts // nil: there is none to remember in
	verifier *certs.Verifier
	address  string
	add      string // what "sealane cert trust add" takes to reach it
}

// trust makes opt verify the server of u as the flags say.
func (f *clientFlags) trust(env *Env, u ftp.URL, opt *ftpclient.Options) (*trust, error) {
	t := &trust{env: env, address: certs.KnownAddress(u.Host, u.Port)}
	if t.add = t.address; u.Security == ftp.Implicit && u.Port != "990" {
		t.add = "--implicit " + t.address
	}
	t.verifier = &certs.Verifier{Host: u.Host, Port: u.Port, AllowDowngrade: f.allowDowngrade}
	opt.AllowUnresumed = f.allowUnresumed
	opt.Verify = func(cs tls.ConnectionState) error { return t.verifier.VerifyConnection(cs) }
	var err error
	if f.ca != "" {
		if t.verifier.Roots, err = readRoots(f.ca); err != nil {
			return nil, err
		}
	}
	if f.crl != "" {
		if t.verifier.Revoked, err = certs.LoadRevocationLists(f.crl, time.Now()); err != nil {
			return nil, fmt.Errorf("cannot use --crl: %w", err)
		}
	}
	if f.cert != "" {
		pair, err := certs.Load(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("cannot use --cert and --key: %w", err)
		}
		opt.Certificates = []tls.Certificate{pair.Certificate}
	}
	for _, s := range f.pins {
		pin, err := certs.ParsePin(s)
		if err != nil {
			return nil, usageError{err}
		}
		t.verifier.Pins = append(t.verifier.Pins, pin)
	}
	if len(f.pins) > 0 {
		return t, nil
	}
	if t.store = openStore(env, f.trustStore); t.store == nil {
		return t, nil
	}
	if t.verifier.Known, err = t.store.Lookup(t.address); err != nil {
		return nil, err
	}
	opt.ExpectResumed = t.verifier.Known != nil && t.verifier.Known.Resumed
	return t, nil
}

func readRoots(file string) (*x509.CertPool, error) {
	// A file that was cut off is refused: nobody would look for the authority that is missing.
	roots, err := certs.LoadCertificates(file)
	if errors.Is(err, certs.ErrBadFile) {
		return nil, usageError{fmt.Errorf("--ca: %w", err)}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read --ca: %w", err)
	}
	pool := x509.NewCertPool()
	for _, c := range roots {
		pool.AddCert(c)
	}
	return pool, nil
}

// openStore gives the list of known servers: the file that is named, or that of
// the user, or nil for a user who has no folder for it.
func openStore(env *Env, file string) *certs.KnownHosts {
	if file == "" {
		file = userStore(env)
	}
	if file == "" {
		return nil
	}
	return certs.NewKnownHosts(file)
}

// userStore is os.UserConfigDir with the environment of env.
func userStore(env *Env) string {
	dir := ""
	switch home := env.Getenv("HOME"); runtime.GOOS {
	case "windows":
		dir = env.Getenv("AppData")
	case "darwin":
		if home != "" {
			dir = filepath.Join(home, "Library", "Application Support")
		}
	default:
		if dir = env.Getenv("XDG_CONFIG_HOME"); dir == "" && home != "" {
			dir = filepath.Join(home, ".config")
		}
	}
	if !filepath.IsAbs(dir) { // also what the XDG base directory specification says
		return ""
	}
	return filepath.Join(dir, "sealane", "known_hosts")
}

// dial connects with opt. If all that is missing is that somebody trusts the
// server, it asks, and connects again: no server waits for a person in the middle
// of a handshake.
func (t *trust) dial(ctx context.Context, u ftp.URL, opt ftpclient.Options) (*ftpclient.Client, error) {
	if t.store != nil {
		opt.DataResumed = func() { t.seen(certs.KnownHost{Resumed: true}) }
	}
	c, err := ftpclient.Dial(ctx, u, opt)
	if known, asked := t.ask(ctx, err); asked != nil {
		return nil, asked
	} else if known != nil {
		t.verifier.Known = known
		c, err = ftpclient.Dial(ctx, u, opt)
	}
	if err != nil {
		return nil, t.explain(err)
	}
	if t.store != nil {
		t.verifier.Known = &certs.KnownHost{Key: certs.PinOf(c.TLS().PeerCertificates[0]), Trusted: t.trusted(), TLS13: c.TLS().Version >= tls.VersionTLS13}
		t.seen(certs.KnownHost{TLS13: t.verifier.Known.TLS13})
	}
	return c, nil
}

func (t *trust) trusted() bool { return t.verifier.Known != nil && t.verifier.Known.Trusted }

// seen notes what a server that is trusted can do. That it cannot be noted takes
// nothing from this connection.
func (t *trust) seen(h certs.KnownHost) {
	h.Address, h.Key, h.Last = t.address, t.verifier.Known.Key, time.Now()
	if err := t.store.Seen(h); err != nil {
		_, _ = fmt.Fprintf(t.env.Stderr, "sealane: what was seen of the server is not remembered: %s\n", ui.Safe(err.Error()))
	}
}

// ask asks at the terminal whether the server is to be trusted, if that is all
// that err is about. It returns what is then known of the server, an error that
// takes the place of err, or nothing.
func (t *trust) ask(ctx context.Context, err error) (*certs.KnownHost, error) {
	var refused *certs.TrustError
	if !errors.As(err, &refused) || refused.Reason != certs.ErrUnknownAuthority || t.store == nil || !isTerminal(t.env.Stdin) {
		return nil, nil
	}
	_, _ = fmt.Fprintf(t.env.Stderr, "%s is not known, and no authority vouches for it.\n%s", ui.Safe(t.address), describeServer(refused.State, t.verifier.Host))
	yes, askErr := t.confirm(ctx, certs.PinOf(refused.Leaf()))
	if askErr != nil {
		return nil, askErr
	}
	if !yes {
		return nil, withHint(err, "nothing was sent to the server but the wish for TLS")
	}
	return t.remember(refused.State)
}

// remember trusts the key of cs from now on.
func (t *trust) remember(cs tls.ConnectionState) (*certs.KnownHost, error) {
	now := time.Now()
	h := certs.KnownHost{
		Address: t.address, Key: certs.PinOf(cs.PeerCertificates[0]), Trusted: true,
		First: now, Last: now, TLS13: cs.Version >= tls.VersionTLS13,
	}
	return &h, t.store.Add(h)
}

// confirm reads the answer: yes, or the key itself, which compares it.
func (t *trust) confirm(ctx context.Context, key certs.Pin) (bool, error) {
	_, _ = fmt.Fprintf(t.env.Stderr, "Trust this key for %s from now on (yes, no, or the key that you expect)? ", ui.Safe(t.address))
	line, err := readLine(ctx, t.env.Stdin)
	if err != nil {
		_, _ = fmt.Fprintln(t.env.Stderr) // nothing has ended the line of the question
		return false, fmt.Errorf("cannot ask whether to trust the server: %w", err)
	}
	if pin, err := certs.ParsePin(line); err == nil {
		return pin == key, nil
	}
	return strings.EqualFold(line, "yes"), nil
}

// readLine reads one line that a person types.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() { // reading a terminal cannot be cancelled; the process ends soon
		line, err := bufio.NewReader(io.LimitReader(in, 1024)).ReadString('\n')
		got <- answer{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-got:
		if errors.Is(a.err, io.EOF) {
			a.err = nil // no answer is no
		}
		return a.line, a.err
	}
}

func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && ui.IsTerminal(f)
}

// describeServer shows what there is to judge a server by.
func describeServer(cs tls.ConnectionState, host string) string {
	leaf := cs.PeerCertificates[0]
	names := certs.Names(leaf)
	if host != "" && leaf.VerifyHostname(strings.TrimSuffix(host, ".")) != nil {
		names += " (not " + host + ")"
	}
	return fmt.Sprintf("  public key   %s\n  certificate  SHA-256 %s\n  names        %s\n  valid        %s to %s\n  version      %s\n",
		certs.PinOf(leaf), certs.Fingerprint(leaf), ui.Safe(names),
		leaf.NotBefore.UTC().Format(time.DateOnly), leaf.NotAfter.UTC().Format(time.DateOnly), tls.VersionName(cs.Version))
}

// explain adds to a refusal what can be done, where that needs the address.
func (t *trust) explain(err error) error {
	var refused *certs.TrustError
	if !errors.As(err, &refused) {
		return err
	}
	address := t.address
	switch refused.Reason {
	case certs.ErrUnknownAuthority:
		key := certs.PinOf(refused.Leaf())
		return withHint(err, "if the owner of the server confirms that its key is %s, trust it: sealane cert trust add %s, or --pin %s; "+
			"or trust an authority with --ca FILE", key, t.add, key)
	case certs.ErrChangedKey:
		return withHint(err, "somebody may stand in between; if the owner of the server confirms the new key: "+
			"sealane cert trust remove %s, then connect again or sealane cert trust add %s", address, t.add)
	case certs.ErrDowngrade:
		return withHint(err, "somebody may stand in between; if the owner of the server says that this is right: "+
			"--allow-downgrade once, or sealane cert trust remove %s", address)
	case certs.ErrNameMismatch:
		return withHint(err, "use the name that the certificate is made for; or, if the owner of the server confirms its key, sealane cert trust add %s", t.add)
	}
	return err
}
