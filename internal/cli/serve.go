package cli

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/daemon"
)

const serveHelp = `Serve a folder over FTPS, without any configuration: the first start makes a
certificate and an account, and prints how to connect. Without DIR, the folder
"files" in the state folder is served.

Explicit FTPS is on port 21 where that may be bound, else on 2121; implicit FTPS
on 990, else on 2990; data connections use ports 2991-2998, which stay open and
serve all sessions. TLS is required.

SIGINT or SIGTERM: no new sessions, transfers have the grace time to finish; a
second one ends at once. SIGHUP: read the settings again, with accounts and
certificates: all of them or, if there is any mistake, none; sessions that run keep
what they have. A change of the certificates' files is also seen by itself.

Exit codes: 0 stopped as asked, 1 cannot start or failed, 2 usage or a mistake in
the configuration, 130 ended by the second signal.`

// serveFlags are the flags of serve. They go over the configuration file.
type serveFlags struct {
	config        string
	state         string
	explicit      string
	implicit      string
	dataPorts     string
	dataMode      string
	dataFallback  string
	resumption    string
	durability    string
	publicAddress string
	users         []string
	passwordFile  string
	cert, key     string
	clientCA      string
	clientCert    string
	plaintext     bool
	logFormat     string
}

func newServeCommand(env *Env) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:     "serve [DIR]",
		Short:   "Serve a folder over FTPS",
		Long:    serveHelp,
		Example: "  sealane serve\n  sealane serve /srv/files --user alice --password-file /etc/sealane/alice",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.settings(cmd, args)
			if err != nil {
				return usageError{err}
			}
			again := make(chan os.Signal, 1)
			signal.Notify(again, syscall.SIGHUP)
			defer signal.Stop(again)
			// Otherwise the program dies with what reads its log.
			dead := make(chan os.Signal, 1)
			signal.Notify(dead, syscall.SIGPIPE)
			defer signal.Stop(dead)
			log := daemon.NewLogQueue(env.Stderr)
			defer log.Close()
			return daemon.Run(cmd.Context(), c, daemon.Process{
				Settings: func() (config.Config, error) { return f.settings(cmd, args) },
				Out:      env.Stdout, Log: log, Again: again, Version: readVersion().Version,
			})
		},
	}
	f.add(cmd)
	return cmd
}

// add gives a command the flags.
func (f *serveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "read settings from this TOML `FILE`; flags go over them")
	flags.StringVar(&f.state, "state", "", "keep certificate and account in this `DIR` (default: the user's state folder)")
	flags.StringVar(&f.explicit, "explicit", "", "explicit FTPS on `[HOST]:PORT`, or off")
	flags.StringVar(&f.implicit, "implicit", "", "implicit FTPS on `[HOST]:PORT`, or off")
	flags.StringVar(&f.dataPorts, "data-ports", "", "data connections use `PORT|FROM-TO` (default 2991-2998)")
	flags.StringVar(&f.dataMode, "data-mode", "", "`shared|exclusive`: all sessions share the data ports (default), or each transfer has its own")
	flags.StringVar(&f.dataFallback, "data-fallback", "", "in shared mode, transfers that would wait use one of `PORT|FROM-TO`")
	flags.StringVar(&f.durability, "durability", "", "what a finished upload outlives: `full|process` (default full: a power cut; process: the end of the server)")
	flags.StringVar(&f.resumption, "resumption", "", "data connections that do not resume the TLS session: `auto|require|off` (default auto: second choice; require: refused; off: no matter)")
	flags.StringVar(&f.publicAddress, "public-address", "", "name this IPv4 `ADDRESS|NAME|same` in PASV, for servers behind NAT; a NAME is looked up every few minutes")
	flags.StringArrayVar(&f.users, "user", nil, "let `NAME[:PASSWORD]` log in, instead of the account of the first start; repeatable")
	flags.StringVar(&f.passwordFile, "password-file", "", "password for each --user without one: the line in `FILE`, which others must not be able to read")
	flags.StringVar(&f.cert, "cert", "", "certificate chain `FILE` in PEM, or certificate in DER")
	flags.StringVar(&f.key, "key", "", "key `FILE` in PEM or DER, without a passphrase")
	flags.StringVar(&f.clientCA, "client-ca", "", "authorities that vouch for clients, `FILE` in PEM")
	flags.StringVar(&f.clientCert, "client-cert", "", "ask clients for a certificate: `off|request|require` (default off)")
	flags.BoolVar(&f.plaintext, "insecure-plaintext", false, "let clients log in and move files without TLS: passwords and files can be read on the way")
	flags.StringVar(&f.logFormat, "log-format", "", "write the log as `text|json`")
}

// serveKeys says over which setting each flag goes. Those of accounts are not among them.
func serveKeys() map[string]string {
	return map[string]string{
		"state": "state", "explicit": "listen.explicit", "implicit": "listen.implicit",
		"data-ports": "data.ports", "data-mode": "data.mode", "data-fallback": "data.fallback", "resumption": "data.resumption",
		"public-address": "data.public_address", "durability": "uploads.durability", "cert": "tls.cert", "key": "tls.key",
		"client-ca": "tls.client_ca", "client-cert": "tls.client_cert", "insecure-plaintext": "tls.insecure_plaintext",
		"log-format": "log.format",
	}
}

// settings puts the flags over the file, and checks the whole.
func (f *serveFlags) settings(cmd *cobra.Command, args []string) (config.Config, error) {
	c := config.Default()
	if f.config != "" {
		var err error
		if c, err = config.Load(f.config); err != nil {
			return c, err
		}
	}
	if len(args) == 1 {
		c.Dir = args[0]
	}
	set := func(flag string, field *string, value string) {
		if cmd.Flags().Changed(flag) {
			*field = value
		}
	}
	set("state", &c.State, f.state)
	set("cert", &c.TLS.Cert, f.cert)
	set("key", &c.TLS.Key, f.key)
	set("client-ca", &c.TLS.Client.CA, f.clientCA)
	set("log-format", &c.Log.Format, f.logFormat)
	if cmd.Flags().Changed("insecure-plaintext") {
		c.TLS.InsecurePlaintext = f.plaintext
	}
	err := errors.Join(
		parseInto(&c.Listen.Explicit, cmd, "explicit", f.explicit, config.ParseListen),
		parseInto(&c.Listen.Implicit, cmd, "implicit", f.implicit, config.ParseListen),
		parseInto(&c.Data.Ports, cmd, "data-ports", f.dataPorts, config.ParsePortRange),
		parseInto(&c.Data.Mode, cmd, "data-mode", f.dataMode, config.ParseMode),
		parseInto(&c.Data.Fallback, cmd, "data-fallback", f.dataFallback, config.ParsePortRange),
		parseInto(&c.Uploads.Durability, cmd, "durability", f.durability, config.ParseDurability),
		parseInto(&c.Data.Resumption, cmd, "resumption", f.resumption, config.ParseResumption),
		parseInto(&c.TLS.Client.Ask, cmd, "client-cert", f.clientCert, config.ParseClientCert),
		parseInto(&c.Data.PublicAddress, cmd, "public-address", f.publicAddress, config.ParsePublicAddress),
		f.accounts(&c),
	)
	if err != nil {
		return c, err
	}
	return c, c.Validate()
}

// parseInto sets a field from a flag that was given.
func parseInto[T any](field *T, cmd *cobra.Command, flag, value string, parse func(string) (T, error)) error {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	v, err := parse(value)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	*field = v
	return nil
}

// accounts puts the accounts of --user in the place of those of the file.
func (f *serveFlags) accounts(c *config.Config) error {
	if len(f.users) == 0 {
		if f.passwordFile != "" {
			return usagef("--password-file needs a --user without a password")
		}
		return nil
	}
	c.Accounts = nil
	needed := false
	for _, user := range f.users {
		name, password, has := strings.Cut(user, ":")
		a := config.Account{Name: name, Password: password}
		if !has {
			a.PasswordFile, needed = f.passwordFile, true
			if f.passwordFile == "" {
				return withHint(usagef("--user %s has no password", name), "write --user %s:PASSWORD, or add --password-file FILE", name)
			}
		}
		c.Accounts = append(c.Accounts, a)
	}
	if f.passwordFile != "" && !needed {
		return usagef("--password-file needs a --user without a password")
	}
	return nil
}
