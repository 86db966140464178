package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// trustCommand is the part that all commands of "cert trust" have.
type trustCommand struct {
	env  *Env
	file string
}

func newCertTrustCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "The servers that the client knows by their keys",
		RunE:  needCommand,
		Long: `The client remembers servers, by host and port, in a text file, one a line.
A server is "trusted" when a person said so: then its key, and no other, is
accepted, whoever signed it. It is "verified" when an authority vouched for it.`,
	}
	cmd.AddCommand(newTrustAddCommand(env), newTrustListCommand(env), newTrustRemoveCommand(env), newTrustImportCommand(env), newTrustExportCommand(env))
	return cmd
}

func (c *trustCommand) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.file, "trust-store", "", "use `FILE` instead of sealane/known_hosts in the user's configuration")
}

func (c *trustCommand) store() (*certs.KnownHosts, error) {
	if s := openStore(c.env, c.file); s != nil {
		return s, nil
	}
	return nil, withHint(usagef("there is no folder for the list of known servers"), "name a file with --trust-store FILE, or set HOME")
}

type trustAddCommand struct {
	trustCommand
	fingerprint string
	implicit    bool
	yes         bool
	timeout     time.Duration
}

func newTrustAddCommand(env *Env) *cobra.Command {
	a := &trustAddCommand{trustCommand: trustCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "add HOST[:PORT]|URL",
		Short: "Look at a server's certificate and trust its key from now on",
		Long: `Connect to a server, show its key and certificate, ask, and trust that key from
now on. A URL with ftps://, port 990 and --implicit mean TLS from the first
byte; all else is explicit TLS (AUTH TLS), on port 21 if none is given. Nobody
is logged in. With --fingerprint the key is compared, and with --yes too nobody
is asked.`,
		Example: `  sealane cert trust add files.example
  sealane cert trust add --yes --fingerprint sha256/… ftps://files.example`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args[0]) },
	}
	a.flags(cmd)
	cmd.Flags().StringVar(&a.fingerprint, "fingerprint", "", "what the owner of the server says: `sha256/BASE64` of the key, or the SHA-256 of the certificate in hex")
	cmd.Flags().BoolVar(&a.implicit, "implicit", false, "TLS from the first byte")
	cmd.Flags().BoolVar(&a.yes, "yes", false, "do not ask; needs --fingerprint")
	cmd.Flags().DurationVar(&a.timeout, "timeout", ftpclient.DefaultTimeout, "give up when nothing has moved for this `TIME`, as 90s or 2m")
	return cmd
}

func (a *trustAddCommand) run(ctx context.Context, target string) error {
	u, err := parseServer(target, a.implicit)
	if err != nil {
		return err
	}
	switch {
	case a.yes && a.fingerprint == "":
		return withHint(usagef("--yes needs --fingerprint: else anybody who answers would be trusted"), "ask the owner of the server for it")
	case a.timeout <= 0:
		return usagef("--timeout must be more than 0")
	}
	matches, err := parseFingerprint(a.fingerprint)
	if err != nil {
		return err
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	t := &trust{env: a.env, store: store, address: certs.KnownAddress(u.Host, u.Port)}
	if t.verifier = (&certs.Verifier{Host: u.Host, Port: u.Port}); !a.yes && !isTerminal(a.env.Stdin) {
		return withHint(usagef("there is no terminal to ask at"), "give --fingerprint and --yes")
	}
	// Everything may pass: the person judges, and nothing is sent after it.
	state, err := ftpclient.Probe(ctx, u, ftpclient.Options{Timeout: a.timeout, Verify: func(tls.ConnectionState) error { return nil }})
	if err != nil {
		return err
	}
	return a.decide(ctx, t, state, matches)
}

// decide shows what was seen, compares, asks and remembers.
func (a *trustAddCommand) decide(ctx context.Context, t *trust, state tls.ConnectionState, matches func(tls.ConnectionState) error) error {
	known, err := t.store.Lookup(t.address)
	if err != nil {
		return err
	}
	key := certs.PinOf(state.PeerCertificates[0])
	_, _ = fmt.Fprintf(a.env.Stderr, "%s shows:\n%s", ui.Safe(t.address), describeServer(state, t.verifier.Host))
	if known != nil && known.Key != key {
		_, _ = fmt.Fprintf(a.env.Stderr, "It was known by another key, %s (first seen on %s, last on %s).\n",
			known.Key, known.First.Format(time.DateOnly), known.Last.Format(time.DateOnly))
	}
	// Trusted from now on means that the next connection will have it: what is weak
	// or out of date would be refused then.
	err = (&certs.Verifier{Host: t.verifier.Host, Port: t.verifier.Port, Known: &certs.KnownHost{Key: key, Trusted: true}}).VerifyConnection(state)
	if err == nil {
		err = matches(state)
	}
	if err != nil {
		return err
	}
	if !a.yes {
		yes, err := t.confirm(ctx, key)
		if err != nil {
			return err
		}
		if !yes {
			return withHint(fmt.Errorf("%w: it was not trusted", certs.ErrUnknownAuthority), "nothing was changed")
		}
	}
	if _, err := t.remember(state); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.env.Stdout, "%s is trusted with %s\n", ui.Safe(t.address), key)
	return err
}

// parseServer reads a URL, or a host with or without port.
func parseServer(s string, implicit bool) (ftp.URL, error) {
	if strings.Contains(s, "://") {
		u, err := parseURL(s)
		if err == nil && implicit {
			u.Security = ftp.Implicit
		}
		return u, err
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "21"
		if implicit {
			port = "990"
		}
	}
	scheme := "ftpes"
	if implicit || port == "990" {
		scheme = "ftps"
	}
	address := net.JoinHostPort(strings.ReplaceAll(host, "%", "%25"), port)
	u, err := parseURL(scheme + "://" + address)
	if err != nil || strings.ContainsAny(s, "/@?#") {
		return u, withHint(usagef("%q is not HOST, HOST:PORT or a URL", s), "write it as files.example:21, or [2001:db8::1]:21")
	}
	return u, nil
}

// parseFingerprint makes a check of what the owner of a server says. Nothing was
// said: everything passes.
func parseFingerprint(s string) (func(tls.ConnectionState) error, error) {
	if s == "" {
		return func(tls.ConnectionState) error { return nil }, nil
	}
	if pin, err := certs.ParsePin(s); err == nil {
		return func(cs tls.ConnectionState) error { return certs.VerifyPin([]certs.Pin{pin}, cs) }, nil
	}
	plain := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, ":", "")) }
	if len(plain(s)) != 64 || strings.Trim(plain(s), "0123456789ABCDEF") != "" {
		return nil, withHint(usagef("--fingerprint is neither sha256/BASE64 nor a SHA-256 in hex"), "copy it as the server has printed it")
	}
	return func(cs tls.ConnectionState) error {
		if shown := certs.Fingerprint(cs.PeerCertificates[0]); plain(shown) != plain(s) {
			return fmt.Errorf("%w: its certificate has the SHA-256 %s", certs.ErrPin, shown)
		}
		return nil
	}, nil
}
