package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

func newCertCACommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "A small private authority",
		RunE:  needCommand,
	}
	cmd.AddCommand(newCertCANewCommand(env))
	return cmd
}

type certCANewCommand struct {
	certFiles
	keyFlags
	out, name string
	days      dayCount
}

func newCertCANewCommand(env *Env) *cobra.Command {
	c := &certCANewCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a private authority",
		Long: `Make the key and the certificate of an authority that signs servers and clients,
and no further authorities. Everybody who is to trust it needs PREFIX.crt;
whoever has PREFIX.key can make certificates for any name: keep it off the
server. It is valid for ten years if --days says nothing else.`,
		Example: `  sealane cert ca new --name "Example files"`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	c.certFiles.flags(cmd)
	c.keyFlags.flags(cmd)
	cmd.Flags().StringVar(&c.out, "out", "ca", "write `PREFIX`.key and PREFIX.crt")
	cmd.Flags().StringVar(&c.name, "name", "Sealane private authority", "what people see as the authority's `NAME`")
	cmd.Flags().Var(&c.days, "days", "valid for this `NUMBER` of days")
	return cmd
}

func (c *certCANewCommand) run() error {
	if err := c.free(c.out+".key", c.out+".crt"); err != nil {
		return err
	}
	key, keyPEM, notes, err := c.generate()
	if err != nil {
		return err
	}
	ca, err := certs.NewCA(certs.CAOptions{Name: c.name, ValidFor: c.days.duration()}, key)
	if err != nil {
		return requestHint(err)
	}
	files := []outFile{{c.out + ".key", keyPEM, 0o600}, {c.out + ".crt", certs.EncodeCertificates(ca.Chain...), 0o644}}
	if err := c.write(files...); err != nil {
		return err
	}
	return c.made(ca.Chain, notes, files...)
}
