package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// certSource is a file, or a server that is asked for its certificate.
type certSource struct {
	env      *Env
	ca       string
	host     string
	implicit bool
	client   bool
	json     bool
	timeout  time.Duration
}

func (s *certSource) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.ca, "ca", "", "judge as a client that trusts the authorities in `FILE` (PEM) instead of the system's")
	flags.StringVar(&s.host, "host", "", "judge as a client that connects to `NAME` (default: that of the server, none for a file)")
	flags.BoolVar(&s.implicit, "implicit", false, "TLS from the first byte (port 990)")
	flags.BoolVar(&s.client, "client", false, "judge it as the certificate of a client")
	flags.DurationVar(&s.timeout, "timeout", ftpclient.DefaultTimeout, "give up when nothing has moved for this `TIME`, as 90s or 2m")
	flags.BoolVar(&s.json, "json", false, "print a JSON object")
}

// read gives the chain, and what a client expects of it.
func (s *certSource) read(ctx context.Context, target string) (chain []*x509.Certificate, o certs.InspectOptions, err error) {
	if s.timeout <= 0 {
		return nil, o, usagef("--timeout must be more than 0")
	}
	if s.ca != "" {
		if o.Roots, err = readRoots(s.ca); err != nil {
			return nil, o, err
		}
	}
	if s.client {
		o.Purpose = certs.ForClient
	}
	o.Host = s.host
	if _, statErr := os.Stat(target); statErr == nil || !isServer(target) {
		chain, err = certs.LoadCertificates(target)
		return chain, o, withHint(err, "name a file with a certificate, or a server as HOST:PORT")
	}
	u, err := parseServer(target, s.implicit)
	if err != nil {
		return nil, o, err
	}
	if o.Host == "" {
		o.Host = u.Host
	}
	// Everything may pass: it is looked at, and nothing is sent after it.
	state, err := ftpclient.Probe(ctx, u, ftpclient.Options{
		Timeout: s.timeout, MinTLS: tls.VersionTLS12, Verify: func(tls.ConnectionState) error { return nil },
	})
	if errors.Is(err, os.ErrDeadlineExceeded) && u.Security != ftp.Implicit {
		err = withHint(err, "it may wait for TLS from the first byte: --implicit; else check host, port and firewall, or wait longer with --timeout")
	}
	return state.PeerCertificates, o, err
}

// isServer tells HOST:PORT and URLs from names of files.
func isServer(s string) bool {
	return strings.Contains(s, "://") || (strings.Contains(s, ":") && !strings.ContainsAny(s, `/\`))
}

func newCertShowCommand(env *Env) *cobra.Command {
	s := &certSource{env: env}
	cmd := &cobra.Command{
		Use:   "show FILE|HOST:PORT|URL",
		Short: "Show a certificate, and what a client would say about it",
		Long: `Show the certificates of a file, or those that a server shows: their names,
dates, keys and fingerprints, and what a client would say about them. A server is
asked by explicit TLS (AUTH TLS); ftps://, port 990 and --implicit mean TLS from
the first byte. Nobody is logged in. "public key" is what --pin takes. The exit
code does not tell what was found: see sealane cert check.`,
		Example: `  sealane cert show server.crt
  sealane cert show files.example:21`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			chain, o, err := s.read(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return s.print(certs.Inspect(chain, o), true)
		},
	}
	s.flags(cmd)
	return cmd
}

// print writes a report. Everything in it may be text of a stranger.
func (s *certSource) print(r certs.Report, details bool) error {
	if s.json {
		return ui.WriteJSON(s.env.Stdout, r)
	}
	var b strings.Builder
	for i, d := range r.Certificates {
		if !details {
			break
		}
		if len(r.Certificates) > 1 {
			fmt.Fprintf(&b, "certificate %d of %d\n", i+1, len(r.Certificates))
		}
		describeCertificate(&b, d, time.Now())
		b.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s: certificate %d: %s\n    hint: %s\n", f.Level, f.ID, f.Certificate+1, ui.Safe(f.Text), ui.Safe(f.Hint))
	}
	b.WriteString(verdict(r) + "\n")
	_, err := io.WriteString(s.env.Stdout, b.String())
	return err
}

// verdict is what a client would say.
func verdict(r certs.Report) string {
	switch {
	case r.Problems():
		return "A client turns away, or should."
	case r.Has(certs.UnknownAuthority), r.Has(certs.ChainIncomplete):
		return "A client turns away unless it trusts the key (--pin) or the authority (--ca)."
	}
	return "A client accepts it."
}
