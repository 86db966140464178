package cli

import (
	"crypto/x509"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

type certSignCommand struct {
	certFiles
	issuer
	out    string
	client bool
	names  []string
	days   dayCount
}

func newCertSignCommand(env *Env) *cobra.Command {
	c := &certSignCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "sign FILE.csr",
		Short: "Sign a request with the private authority",
		Long: `Sign a request (PKCS #10, in PEM or DER) with the private authority, for a server
or, with --client, for a client. Of the request only its key and its names are
taken, and they are shown: whoever has written it may have asked for names that
are not theirs. With --name the names are those, and no other; a client's first one is
that of the account. A request that its own key has not signed is refused.

Without --days it is valid for 398 days (server) or 365 days (client), and never
longer than the authority.`,
		Example: `  sealane cert sign server.csr --ca ca.crt --ca-key ca.key`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return c.run(args[0]) },
	}
	c.certFiles.flags(cmd)
	c.issuer.flags(cmd)
	cmd.Flags().StringVar(&c.out, "out", "", "write the certificate to `FILE` (default: the request's name with .crt)")
	cmd.Flags().BoolVar(&c.client, "client", false, "make the certificate of a client")
	cmd.Flags().StringArrayVar(&c.names, "name", nil, "make it for this `NAME` instead of those in the request (repeatable)")
	cmd.Flags().Var(&c.days, "days", "valid for this `NUMBER` of days")
	return cmd
}

func (c *certSignCommand) run(name string) error {
	if c.cert == "" {
		return withHint(usagef("an authority is needed to sign: --ca and --ca-key"), "make one with sealane cert ca new")
	}
	if c.out == "" {
		c.out = strings.TrimSuffix(name, ".csr") + ".crt"
	}
	o := certs.IssueOptions{ValidFor: c.days.duration()}
	if err := c.free(c.out); err != nil {
		return err
	}
	ca, err := c.load()
	if err != nil {
		return err
	}
	request, err := certs.LoadRequest(name)
	if err != nil {
		return withHint(err, "ask for a new request: sealane cert csr makes one")
	}
	if c.client {
		o.Purpose = certs.ForClient
	}
	var chain []*x509.Certificate
	switch {
	case len(c.names) == 0:
		chain, err = ca.Sign(request, o)
	case c.client:
		o.CommonName = c.names[0]
		o.Hosts, o.Emails = splitNames(c.names[1:])
		chain, err = ca.Issue(o, request.PublicKey)
	default:
		o.Hosts = c.names
		chain, err = ca.Issue(o, request.PublicKey)
	}
	if err != nil {
		return requestHint(err)
	}
	notes := shortened(ca, chain[0])
	if len(request.Ignored) > 0 {
		notes = append(notes, "the request also asks for what was left out: "+strings.Join(request.Ignored, ", "))
	}
	file := outFile{c.out, certs.EncodeCertificates(chain...), 0o644}
	if err := c.write(file); err != nil {
		return err
	}
	return c.made(chain, notes, file)
}
