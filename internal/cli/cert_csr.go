package cli

import (
	"crypto"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

// maxRequestFile bounds the settings of a request.
const maxRequestFile = 64 << 10

// requestFile is the TOML of a request.
type requestFile struct {
	CommonName string   `toml:"common_name"`
	Names      []string `toml:"names"`
	KeyType    string   `toml:"key_type"`
}

type certCSRCommand struct {
	certFiles
	keyFlags
	out, config, oldKey, commonName string
}

func newCertCSRCommand(env *Env) *cobra.Command {
	c := &certCSRCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "csr [NAME...]",
		Short: "Make a key and a request for a certificate",
		Long: `Make a key, and a request (PKCS #10) for a certificate that an authority is to
sign. The names are host names, IP addresses and, for a client, e-mail addresses.
They may stand in a TOML file instead:

  common_name = "files.example"
  names = ["files.example", "192.0.2.1"]
  key_type = "ecdsa-p256"

What is given as flag or argument goes over it. Without any name the names are
those of this machine.`,
		Example: `  sealane cert csr files.example
  sealane cert csr --config request.toml --out files`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	c.certFiles.flags(cmd)
	c.keyFlags.flags(cmd)
	cmd.Flags().StringVar(&c.out, "out", "server", "write `PREFIX`.key and PREFIX.csr")
	cmd.Flags().StringVar(&c.config, "config", "", "read names and kind of key from this TOML `FILE`")
	cmd.Flags().StringVar(&c.oldKey, "key", "", "use the key in `FILE` instead of a new one")
	cmd.Flags().StringVar(&c.commonName, "common-name", "", "the `NAME` for people to read (default: the first name)")
	return cmd
}

func (c *certCSRCommand) run(cmd *cobra.Command, args []string) error {
	if c.oldKey != "" && cmd.Flags().Changed("key-type") {
		return usagef("--key uses a key that is there: --key-type cannot be given with it")
	}
	o, err := c.options(cmd, args)
	if err != nil {
		return err
	}
	names := []string{c.out + ".csr"}
	if c.oldKey == "" {
		names = append(names, c.out+".key")
	}
	if err := c.free(names...); err != nil {
		return err
	}
	var key crypto.Signer
	var files []outFile
	var notes []string
	if c.oldKey != "" {
		key, err = certs.LoadKey(c.oldKey)
	} else {
		var keyPEM []byte
		key, keyPEM, notes, err = c.generate()
		files = append(files, outFile{c.out + ".key", keyPEM, 0o600})
	}
	if err != nil {
		return err
	}
	pem, err := certs.NewRequest(o, key)
	if err != nil {
		return requestHint(err)
	}
	files = append(files, outFile{c.out + ".csr", pem, 0o644})
	if err := c.write(files...); err != nil {
		return err
	}
	all := append(o.Hosts, o.Emails...)
	notes = append(notes, "the request is for "+strings.Join(append(all, commonNameText(o)...), ", "))
	return c.made(nil, notes, files...)
}

func commonNameText(o certs.IssueOptions) []string {
	if o.CommonName == "" {
		return nil
	}
	return []string{"common name " + o.CommonName}
}

func (c *certCSRCommand) options(cmd *cobra.Command, args []string) (o certs.IssueOptions, err error) {
	var file requestFile
	if c.config != "" {
		if file, err = readRequestFile(c.config); err != nil {
			return o, err
		}
	}
	if file.KeyType != "" && !cmd.Flags().Changed("key-type") {
		c.kind = file.KeyType
	}
	if o.CommonName = c.commonName; o.CommonName == "" {
		o.CommonName = file.CommonName
	}
	if len(args) == 0 {
		args = file.Names
	}
	if len(args) == 0 && o.CommonName == "" {
		args = certs.LocalNames()
	}
	o.Hosts, o.Emails = splitNames(args)
	if len(o.Hosts) == 0 {
		o.Purpose = certs.ForClient
	}
	return o, nil
}

func readRequestFile(name string) (requestFile, error) {
	var r requestFile
	f, err := os.Open(name)
	if err != nil {
		return r, fmt.Errorf("cannot read --config: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRequestFile+1))
	if err != nil {
		return r, fmt.Errorf("cannot read --config: %w", err)
	}
	if len(text) > maxRequestFile {
		return r, usagef("--config %s is larger than 64 KiB: check the path", name)
	}
	meta, err := toml.Decode(string(text), &r)
	if err != nil {
		return r, usagef("--config %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return r, withHint(usagef("--config %s: there is no setting %s", name, unknown[0]), "the settings are common_name, names and key_type")
	}
	return r, nil
}
