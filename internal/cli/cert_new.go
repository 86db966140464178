package cli

import (
	"crypto/x509"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

type certNewCommand struct {
	certFiles
	keyFlags
	issuer
	out    string
	client bool
	days   dayCount
}

func newCertNewCommand(env *Env) *cobra.Command {
	c := &certNewCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "new [NAME...]",
		Short: "Make a key and a certificate",
		Long: `Make a key and a certificate for it: signed by the private authority of --ca and
--ca-key, or else by itself. For a server, the names are its host names and IP
addresses; without any they are those of this machine, and are shown. With
--client, the first name is that of the account, and further ones are e-mail
addresses.

PREFIX.key can be read by its owner only; PREFIX.crt holds the certificate, and
behind it what a server has to send along. Without --days it is valid for 398
days (server) or 365 days (client), but no longer than the authority, and for
ten years if it is signed by itself.`,
		Example: `  sealane cert new files.example 192.0.2.1
  sealane cert new --ca ca.crt --ca-key ca.key files.example
  sealane cert new --ca ca.crt --ca-key ca.key --client anna`,
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	c.certFiles.flags(cmd)
	c.keyFlags.flags(cmd)
	c.issuer.flags(cmd)
	cmd.Flags().StringVar(&c.out, "out", "", "write `PREFIX`.key and PREFIX.crt (default server, or client)")
	cmd.Flags().BoolVar(&c.client, "client", false, "make the certificate of a client")
	cmd.Flags().Var(&c.days, "days", "valid for this `NUMBER` of days")
	return cmd
}

func (c *certNewCommand) run(args []string) error {
	o, err := c.options(args)
	if err != nil {
		return err
	}
	if c.out == "" {
		c.out = o.Purpose.String()
	}
	if err := c.free(c.out+".key", c.out+".crt"); err != nil {
		return err
	}
	ca, err := c.load()
	if err != nil {
		return err
	}
	key, keyPEM, notes, err := c.generate()
	if err != nil {
		return err
	}
	chain := []*x509.Certificate{nil}
	if ca != nil {
		chain, err = ca.Issue(o, key.Public())
	} else {
		chain[0], err = certs.SignSelf(o, key)
	}
	if err != nil {
		return requestHint(err)
	}
	files := []outFile{{c.out + ".key", keyPEM, 0o600}, {c.out + ".crt", certs.EncodeCertificates(chain...), 0o644}}
	if err := c.write(files...); err != nil {
		return err
	}
	return c.made(chain, append(notes, shortened(ca, chain[0])...), files...)
}

func (c *certNewCommand) options(args []string) (o certs.IssueOptions, err error) {
	o.ValidFor = c.days.duration()
	if c.client {
		o.Purpose = certs.ForClient
		if len(args) == 0 {
			return o, withHint(usagef("a client's certificate needs a name"), "give the name of the account: sealane cert new --client anna")
		}
		o.CommonName = args[0]
		o.Hosts, o.Emails = splitNames(args[1:])
		return o, nil
	}
	if o.Hosts = args; len(args) == 0 {
		o.Hosts = certs.LocalNames()
	}
	return o, nil
}
