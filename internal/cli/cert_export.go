package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

type certExportCommand struct {
	certFiles
	filePassword
	key, out string
	legacy   bool
}

func newCertExportCommand(env *Env) *cobra.Command {
	c := &certExportCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "export FILE.crt",
		Short: "Put key and certificate into a PKCS #12 file (.p12, .pfx)",
		Long: `Put a key, its certificate and chain into one PKCS #12 file, as Windows, macOS,
browsers and graphical FTP clients take it, locked with a password: that in
--password-file, in SEALANE_CERT_PASSWORD, or asked for at the terminal.

It is encrypted with AES-256 and SHA-256. Windows before Server 2019, macOS before
15 and OpenSSL before 1.1.1 cannot read that: --legacy uses 3DES and SHA-1, which
protect badly.`,
		Example: `  sealane cert export anna.crt --key anna.key --out anna.p12 --password-file secret`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0]) },
	}
	c.certFiles.flags(cmd)
	c.filePassword.flags(cmd)
	cmd.Flags().StringVar(&c.key, "key", "", "the key of the certificate in `FILE` (default: its name with .key)")
	cmd.Flags().StringVar(&c.out, "out", "", "write this `FILE` (default: the certificate's name with .p12)")
	cmd.Flags().BoolVar(&c.legacy, "legacy", false, "encrypt as programs before 2018 can read it: 3DES and SHA-1")
	return cmd
}

func (c *certExportCommand) run(cmd *cobra.Command, name string) error {
	if c.key == "" {
		c.key = prefixOf(name) + ".key"
	}
	if c.out == "" {
		c.out = prefixOf(name) + ".p12"
	}
	if err := c.free(c.out); err != nil {
		return err
	}
	chain, err := certs.LoadCertificates(name)
	if err != nil {
		return err
	}
	key, err := certs.LoadKey(c.key)
	if err != nil {
		return err
	}
	password, err := c.password(cmd.Context(), c.env, c.out)
	if err != nil {
		return err
	}
	data, err := certs.EncodePKCS12(key, chain, password, c.legacy)
	if err != nil {
		return requestHint(err)
	}
	file := outFile{c.out, data, 0o600}
	if err := c.write(file); err != nil {
		return err
	}
	var notes []string
	if c.legacy {
		notes = append(notes, "3DES and SHA-1 protect badly: keep the file as secret as the key itself")
	}
	return c.made(chain, notes, file)
}
