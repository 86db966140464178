package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/ui"
)

// filePassword is the password of a PKCS #12 file.
type filePassword struct{ file string }

func (p *filePassword) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "password-file", "", "read the password from `FILE`")
}

func (p *filePassword) password(ctx context.Context, env *Env, name string) (string, error) {
	if p.file != "" {
		return config.ReadSecretFile(p.file)
	}
	if s := env.Getenv("SEALANE_CERT_PASSWORD"); s != "" {
		return s, nil
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !ui.IsTerminal(in) {
		return "", withHint(usagef("no password for %s", name), "give it with --password-file FILE or in SEALANE_CERT_PASSWORD")
	}
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("cannot ask for the password: %w", err)
	}
	_, _ = fmt.Fprintf(env.Stderr, "Password of %s: ", ui.Safe(name))
	defer fmt.Fprintln(env.Stderr)
	got := make(chan error, 1)
	var typed []byte
	go func() { // reading a terminal cannot be cancelled; the process ends soon
		var err error
		typed, err = term.ReadPassword(fd)
		got <- err
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(context.Cause(ctx), term.Restore(fd, before))
	case err := <-got:
		if err != nil {
			return "", fmt.Errorf("cannot ask for the password: %w", err)
		}
		return string(typed), nil
	}
}

// prefixOf is the name of a file without its last extension.
func prefixOf(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

type certImportCommand struct {
	certFiles
	filePassword
	out string
}

func newCertImportCommand(env *Env) *cobra.Command {
	c := &certImportCommand{certFiles: certFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "import FILE.p12",
		Short: "Take key and certificate out of a PKCS #12 file (.p12, .pfx)",
		Long: `Take key, certificate and chain out of a PKCS #12 file, old ones too, and write
them as PEM: PREFIX.key, which only its owner can read, and PREFIX.crt. The
password is that in --password-file, in SEALANE_CERT_PASSWORD, or asked for at the
terminal.`,
		Example: `  sealane cert import server.pfx --out server`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0]) },
	}
	c.certFiles.flags(cmd)
	c.filePassword.flags(cmd)
	cmd.Flags().StringVar(&c.out, "out", "", "write `PREFIX`.key and PREFIX.crt (default: the file's name)")
	return cmd
}

// maxImport is what certs.ParsePKCS12 takes, and one byte.
const maxImport = 1<<20 + 1

func (c *certImportCommand) run(cmd *cobra.Command, name string) error {
	if c.out == "" {
		c.out = prefixOf(name)
	}
	if err := c.free(c.out+".key", c.out+".crt"); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxImport))
	if err != nil {
		return err
	}
	password, err := c.password(cmd.Context(), c.env, name)
	if err != nil {
		return err
	}
	key, chain, err := certs.ParsePKCS12(data, password)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	keyPEM, err := certs.EncodeKey(key)
	if err != nil {
		return err
	}
	files := []outFile{{c.out + ".key", keyPEM, 0o600}, {c.out + ".crt", certs.EncodeCertificates(chain...), 0o644}}
	if err := c.write(files...); err != nil {
		return err
	}
	return c.made(chain, nil, files...)
}
