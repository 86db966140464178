package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// clientFlags are the flags of all client commands.
type clientFlags struct {
	ca           string
	pins         []string
	tlsMin       string
	passwordFile string
	timeout      time.Duration
	json         bool
	plaintext    bool
}

func (f *clientFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.ca, "ca", "", "trust the authorities in `FILE` (PEM) instead of the system's")
	flags.StringArrayVar(&f.pins, "pin", nil, "trust only the key `sha256/BASE64`, whoever signed it (repeatable)")
	flags.StringVar(&f.tlsMin, "tls-min", "1.2", "lowest `VERSION` of TLS: 1.2 or 1.3")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password from `FILE`")
	flags.DurationVar(&f.timeout, "timeout", ftpclient.DefaultTimeout, "give up when nothing has moved for this `LONG`")
	flags.BoolVar(&f.json, "json", false, "print JSON, one object a line")
	flags.BoolVar(&f.plaintext, "insecure-plaintext", false, "use no TLS with an ftp:// URL: all can be read and changed on the way")
}

// options makes of the flags what the client library takes. Flags that would
// have no effect together are refused.
func (f *clientFlags) options(u ftp.URL) (ftpclient.Options, error) {
	opt := ftpclient.Options{Timeout: f.timeout, InsecurePlaintext: f.plaintext, MinTLS: tls.VersionTLS12}
	switch {
	case f.timeout <= 0:
		return opt, usagef("--timeout must be more than 0")
	case f.plaintext && !u.PlainScheme:
		return opt, withHint(usagef("--insecure-plaintext is for ftp:// URLs only"), "drop the flag: this URL is used with TLS")
	case f.plaintext && (f.ca != "" || len(f.pins) > 0 || f.tlsMin != "1.2"):
		return opt, usagef("--insecure-plaintext uses no TLS: --ca, --pin and --tls-min cannot be given with it")
	case f.ca != "" && len(f.pins) > 0:
		return opt, usagef("--pin takes the place of --ca: give one of them")
	}
	// A server may store for longer than it may be silent otherwise.
	opt.FinishTimeout = max(f.timeout, ftpclient.DefaultFinishTimeout)
	switch f.tlsMin {
	case "1.2":
	case "1.3":
		opt.MinTLS = tls.VersionTLS13
	default:
		return opt, usagef("--tls-min must be 1.2 or 1.3")
	}
	return opt, f.trust(&opt)
}

func (f *clientFlags) trust(opt *ftpclient.Options) error {
	if f.ca != "" {
		text, err := os.ReadFile(f.ca)
		if err != nil {
			return fmt.Errorf("cannot read --ca: %w", err)
		}
		opt.RootCAs = x509.NewCertPool()
		if !opt.RootCAs.AppendCertsFromPEM(text) {
			return usagef("--ca %s holds no certificate in PEM", f.ca)
		}
	}
	if len(f.pins) > 0 {
		pins := make([]certs.Pin, 0, len(f.pins))
		for _, s := range f.pins {
			pin, err := certs.ParsePin(s)
			if err != nil {
				return usageError{err}
			}
			pins = append(pins, pin)
		}
		opt.VerifyPin = func(cs tls.ConnectionState) error { return certs.VerifyPin(pins, cs) }
	}
	return nil
}

// dial logs in on the server of u.
func (f *clientFlags) dial(ctx context.Context, env *Env, u ftp.URL) (*ftpclient.Client, error) {
	opt, err := f.options(u)
	if err != nil {
		return nil, err
	}
	if u.User == "" {
		return nil, withHint(usagef("the URL names no user"), "write it before the host: %s", withUser(u))
	}
	if u.Password, err = f.password(ctx, env, u); err != nil {
		return nil, err
	}
	return ftpclient.Dial(ctx, u, opt)
}

func withUser(u ftp.URL) string {
	u.User = "USER"
	return u.String()
}

// parseURL reads a URL argument. Its errors never repeat the password.
func parseURL(s string) (ftp.URL, error) {
	u, err := ftp.ParseURL(s)
	if err != nil {
		return u, withHint(usageError{err}, "URLs look like ftpes://USER@HOST/PATH; ftps:// is implicit TLS on port 990")
	}
	return u, nil
}

// leave ends a session whose work is done. The result stands already, so that a
// server that does not say good-bye changes nothing.
func leave(ctx context.Context, c *ftpclient.Client) {
	_ = c.Quit(ctx)
}

// isRefused reports whether a server has refused one command, with the session
// still in use.
func isRefused(err error) bool {
	var refused *ftp.Error
	return errors.As(err, &refused) && refused.Reply.Code != ftp.Code421Closing
}

// isMissing reports whether the server has answered 550, which it does for a
// file that is not there.
func isMissing(err error) bool {
	var refused *ftp.Error
	return errors.As(err, &refused) && refused.Reply.Code == ftp.Code550Unavailable
}

// isProtocol reports whether a server has answered nonsense.
func isProtocol(err error) bool { return errors.Is(err, ftpclient.ErrProtocol) }
