package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// clientFlags are the flags of all client commands.
type clientFlags struct {
	ca           string
	pins         []string
	trustStore   string
	crl          string
	cert, key    string
	tlsMin       string
	passwordFile string
	timeout      time.Duration
	json         bool
	plaintext    bool

	allowDowngrade, allowUnresumed bool

	check string // of commands that move files; else empty
}

func (f *clientFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.ca, "ca", "", "trust the authorities in `FILE` (PEM) instead of the system's")
	flags.StringArrayVar(&f.pins, "pin", nil, "trust only the key `sha256/BASE64`, whoever signed it (repeatable)")
	flags.StringVar(&f.trustStore, "trust-store", "", "remember servers in `FILE`, instead of sealane/known_hosts in the user's configuration")
	flags.StringVar(&f.crl, "crl", "", "refuse what the revocation lists in `FILE` (PEM or DER) hold")
	flags.StringVar(&f.cert, "cert", "", "show the client certificate in `FILE` (PEM, with its chain)")
	flags.StringVar(&f.key, "key", "", "the key of --cert in `FILE` (PEM)")
	flags.BoolVar(&f.allowDowngrade, "allow-downgrade", false, "accept TLS 1.2 from a server that has spoken 1.3")
	flags.BoolVar(&f.allowUnresumed, "allow-unresumed", false, "accept data connections that do not resume TLS from a server that has resumed")
	flags.StringVar(&f.tlsMin, "tls-min", "1.2", "lowest `VERSION` of TLS: 1.2 or 1.3")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password from `FILE`")
	flags.DurationVar(&f.timeout, "timeout", ftpclient.DefaultTimeout, "give up when nothing has moved for this `LONG`")
	flags.BoolVar(&f.json, "json", false, "print JSON, one object a line")
	flags.BoolVar(&f.plaintext, "insecure-plaintext", false, "use no TLS with an ftp:// URL: all can be read and changed on the way")
}

// addCheck is for commands that move files.
func (f *clientFlags) addCheck(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.check, "check", "hash", "compare with the server: `hash|size`; where it offers no hash, the size")
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
	}
	if err := f.idle(); err != nil {
		return opt, err
	}
	// A server may store for longer than it may be silent otherwise.
	opt.FinishTimeout = max(f.timeout, ftpclient.DefaultFinishTimeout)
	switch f.check {
	case "", "size":
	case "hash":
		opt.Check = ftpclient.CheckHash
	default:
		return opt, usagef("--check must be hash or size")
	}
	switch f.tlsMin {
	case "1.2":
	case "1.3":
		opt.MinTLS = tls.VersionTLS13
	default:
		return opt, usagef("--tls-min must be 1.2 or 1.3")
	}
	return opt, nil
}

// idle names the flags that would have no effect.
func (f *clientFlags) idle() error {
	alone := f.ca != "" || len(f.pins) > 0 || f.tlsMin != "1.2" || f.trustStore != "" || f.crl != "" || f.cert != "" ||
		f.allowDowngrade || f.allowUnresumed
	switch {
	case f.plaintext && alone:
		return usagef("--insecure-plaintext uses no TLS: no flag about TLS, certificates or trust can be given with it")
	case f.ca != "" && len(f.pins) > 0:
		return usagef("--pin takes the place of --ca: give one of them")
	case len(f.pins) > 0 && (f.trustStore != "" || f.crl != "" || f.allowDowngrade):
		return usagef("--pin trusts the key and nothing else: --trust-store, --crl and --allow-downgrade cannot be given with it")
	case (f.cert == "") != (f.key == ""):
		return usagef("--cert and --key go together; they may name the same file")
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
	if f.plaintext {
		return ftpclient.Dial(ctx, u, opt)
	}
	t, err := f.trust(env, u, &opt)
	if err != nil {
		return nil, err
	}
	return t.dial(ctx, u, opt)
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
