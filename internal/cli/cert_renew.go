package cli

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

type certRenewCommand struct {
	certFiles
	keyFlags
	issuer
	keyFile, out string
	newKey       bool
	days         dayCount
}

func newCertRenewCommand(env *Env) *cobra.Command {
	c := &certRenewCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "renew FILE.crt",
		Short: "Make a certificate anew, for the same names",
		Long: `Make a certificate anew for the same names and use, and for as long as before: by
the private authority of --ca and --ca-key, or by itself if the old one was. The
key stays the same, so that clients that have pinned it do not notice; --new-key
makes a new one, of the same kind unless --key-type says otherwise.

With --out PREFIX the new files go beside the old ones. With --force they take
their place, each in one step; the old ones are kept with .old behind their
names. A server that runs takes the new ones by itself, and keeps to the old pair
while key and certificate do not belong together.`,
		Example: `  sealane cert renew server.crt --ca ca.crt --ca-key ca.key --force`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0]) },
	}
	c.certFiles.flags(cmd)
	c.keyFlags.flags(cmd)
	c.issuer.flags(cmd)
	cmd.Flags().StringVar(&c.keyFile, "key", "", "the key of the certificate in `FILE` (default: its name with .key)")
	cmd.Flags().StringVar(&c.out, "out", "", "write `PREFIX`.crt, and PREFIX.key with a new key, beside the old files")
	cmd.Flags().BoolVar(&c.newKey, "new-key", false, "make a new key")
	cmd.Flags().Var(&c.days, "days", "valid for this `NUMBER` of days (default: as before)")
	return cmd
}

func (c *certRenewCommand) run(cmd *cobra.Command, certFile string) error {
	switch {
	case c.out == "" && !c.force:
		return withHint(usagef("renewing replaces %s", certFile), "say so with --force, or write beside it with --out PREFIX")
	case cmd.Flags().Changed("key-type") && !c.newKey:
		return usagef("--key-type is for a new key: give --new-key too")
	}
	if c.keyFile == "" {
		c.keyFile = strings.TrimSuffix(certFile, ".crt") + ".key"
	}
	files, chain, notes, err := c.make(cmd, certFile)
	if err != nil {
		return err
	}
	if c.out == "" {
		if err := c.keepOld(files); err != nil {
			return err
		}
	}
	if err := c.write(files...); err != nil {
		return err
	}
	return c.made(chain, notes, files...)
}

// make does everything that can fail before a file is touched.
func (c *certRenewCommand) make(cmd *cobra.Command, certFile string) ([]outFile, []*x509.Certificate, []string, error) {
	crtOut, keyOut := certFile, c.keyFile
	if c.out != "" {
		crtOut, keyOut = c.out+".crt", c.out+".key"
		if err := c.free(crtOut); err != nil {
			return nil, nil, nil, err
		}
	}
	old, err := certs.LoadCertificates(certFile)
	if err != nil {
		return nil, nil, nil, err
	}
	o, err := certs.OptionsOf(old[0])
	if err != nil {
		return nil, nil, nil, requestHint(err)
	}
	if c.days != 0 {
		o.ValidFor = c.days.duration()
	}
	key, err := certs.LoadKey(c.keyFile)
	if err != nil {
		return nil, nil, nil, err
	}
	if certs.Inspect(old[:1], certs.InspectOptions{Key: key}).Has(certs.WrongKey) {
		return nil, nil, nil, withHint(certs.ErrWrongKey, "name the right one with --key")
	}
	var files []outFile
	var notes []string
	if c.newKey {
		if kind := certs.AlgorithmOf(key); kind != "" && !cmd.Flags().Changed("key-type") {
			c.kind = string(kind)
		}
		var keyPEM []byte
		if err := c.free(keyOut); err != nil {
			return nil, nil, nil, err
		}
		if key, keyPEM, notes, err = c.generate(); err != nil {
			return nil, nil, nil, err
		}
		files = append(files, outFile{keyOut, keyPEM, 0o600})
	}
	ca, err := c.load()
	if err != nil {
		return nil, nil, nil, err
	}
	chain := []*x509.Certificate{nil}
	switch {
	case ca != nil:
		chain, err = ca.Issue(o, key.Public())
	case string(old[0].RawIssuer) != string(old[0].RawSubject):
		return nil, nil, nil, withHint(usagef("%s was signed by an authority, which has to sign it again", certFile), "name it with --ca and --ca-key, or make a request with sealane cert csr --key")
	default:
		chain[0], err = certs.SignSelf(o, key)
	}
	if err != nil {
		return nil, nil, nil, requestHint(err)
	}
	files = append(files, outFile{crtOut, certs.EncodeCertificates(chain...), 0o644})
	return files, chain, append(notes, shortened(ca, chain[0])...), nil
}

// keepOld copies what is about to be replaced.
func (c *certRenewCommand) keepOld(files []outFile) error {
	for _, f := range files {
		data, err := os.ReadFile(f.name)
		if err != nil {
			return err
		}
		if err := certs.WriteFile(f.name+".old", data, f.mode, true); err != nil {
			return fmt.Errorf("cannot keep the old %s: %w", f.name, err)
		}
	}
	return nil
}
