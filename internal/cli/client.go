package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// maxRetries bounds --retries.
const maxRetries = 100

// clientFlags are the flags of all client commands.
type clientFlags struct {
	ca           string
	pins         []string
	trustStore   string
	crl          string
	cert, key    string
	tlsMin       string
	passwordFile string
	netrcFile    string
	askpass      string
	timeout      time.Duration
	finish       time.Duration
	retries      int
	limitRate    string
	charset      string
	json         bool
	quiet        bool // of commands that move files
	verbose      bool
	plaintext    bool
	report       *reporter // of commands that move files
	moreMemory   int64     // than a client command may need

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
	flags.StringVar(&f.netrcFile, "netrc-file", "", "read user and password from `FILE` instead of ~/.netrc or $NETRC")
	flags.StringVar(&f.askpass, "askpass", "", "run `PROGRAM` to ask for a password that is nowhere else; also SEALANE_ASKPASS")
	flags.IntVar(&f.retries, "retries", 3, "try again `N` times what fails for the moment")
	flags.StringVar(&f.limitRate, "limit-rate", "", "move at most `RATE` bytes a second in all, as 500k or 2M")
	flags.StringVar(&f.charset, "charset", "", "names on the server are in `CHARSET` and not in UTF-8: latin1, koi8-r, shift_jis, gbk, …")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the dialogue with the server, without passwords")
	flags.DurationVar(&f.timeout, "timeout", ftpclient.DefaultTimeout, "give up when nothing has moved for this `TIME`, as 90s or 2m")
	flags.DurationVar(&f.finish, "finish-timeout", 0, "wait this `TIME` for a server to confirm what it has got (default --timeout, at least 2m)")
	flags.BoolVar(&f.json, "json", false, "print JSON, one object a line")
	flags.BoolVar(&f.plaintext, "insecure-plaintext", false, "use no TLS with an ftp:// URL: all can be read and changed on the way")
}

// addCheck is for commands that move files.
func (f *clientFlags) addCheck(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.check, "check", "hash", "compare with the server: `hash|size`; where it offers no hash, the size")
}

// addQuiet is for commands that tell of each file.
func (f *clientFlags) addQuiet(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
}

// options makes of the flags what the client library takes. Flags that would
// have no effect together are refused.
func (f *clientFlags) options(u ftp.URL) (ftpclient.Options, error) {
	opt := ftpclient.Options{Timeout: f.timeout, InsecurePlaintext: f.plaintext, MinTLS: tls.VersionTLS12}
	switch {
	case f.timeout <= 0:
		return opt, usagef("--timeout must be more than 0")
	case f.finish < 0:
		return opt, usagef("--finish-timeout must be more than 0")
	case f.retries < 0 || f.retries > maxRetries:
		return opt, usagef("--retries must be 0 to %d", maxRetries)
	case f.plaintext && !u.PlainScheme:
		return opt, withHint(usagef("--insecure-plaintext is for ftp:// URLs only"), "drop the flag: this URL is used with TLS")
	}
	if err := f.idle(); err != nil {
		return opt, err
	}
	// A server may store for longer than it may be silent otherwise.
	if opt.FinishTimeout = f.finish; f.finish == 0 {
		opt.FinishTimeout = max(f.timeout, ftpclient.DefaultFinishTimeout)
	}
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
	u, opt, err := f.prepare(ctx, env, u)
	if err != nil {
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

// prepare makes of the flags what is needed to connect to the server of u, and gives u
// with the user and the password.
func (f *clientFlags) prepare(ctx context.Context, env *Env, u ftp.URL) (ftp.URL, ftpclient.Options, error) {
	opt, err := f.options(u)
	if err != nil {
		return u, opt, err
	}
	if opt.Names, err = nameCodec(f.charset); err != nil {
		return u, opt, err
	}
	if err := f.limit(ctx, &opt); err != nil {
		return u, opt, err
	}
	if env.SetMemoryLimit != nil && env.Getenv("GOMEMLIMIT") == "" && env.Getenv("GOGC") == "" {
		env.SetMemoryLimit(softLimit + f.moreMemory)
	}
	if f.verbose {
		opt.Trace = newTracer(env.Stderr).event
	}
	u, err = f.login(ctx, env, u)
	return u, opt, err
}

// retry says how often something is tried again, and tells of it.
func (f *clientFlags) retry(env *Env) ftpclient.Retry {
	r := ftpclient.Retry{Attempts: f.retries + 1}
	if f.report != nil {
		r.Notify = f.report.retrying
		return r
	}
	if f.quiet || f.json {
		return r
	}
	r.Notify = func(err error, wait time.Duration) {
		_, _ = fmt.Fprintln(env.Stderr, retryText(err, wait))
	}
	return r
}

// retryText says that something is tried again.
func retryText(err error, wait time.Duration) string {
	return fmt.Sprintf("sealane: %s; trying again in %s", ui.Safe(oneLine(err)), wait.Round(100*time.Millisecond))
}

// oneLine is the text of an error that may be several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " / ") }

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
