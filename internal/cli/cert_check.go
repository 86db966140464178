package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
)

// errFindings says that a check was done and has found something.
var errFindings = errors.New("the certificate has problems")

func newCertCheckCommand(env *Env) *cobra.Command {
	s := &certSource{env: env}
	var keyFile string
	cmd := &cobra.Command{
		Use:   "check FILE|HOST:PORT|URL",
		Short: "Look for what is wrong with a certificate",
		Long: `Look for what would make clients turn away from a certificate, in a file or shown
by a server: key of another (--key), chain incomplete or out of order, name that
is not covered (--host), wrong use, weak keys (RSA below 2048 bits, curves below
224) and signatures (SHA-1, MD5), dates. Each finding has a name that stays the
same. Without --ca, an authority that is not known is a note only.

Exit codes: 0 nothing but notes, 8 problems, 1 cannot be read, 2 usage, 5 and 6
the server cannot be asked.`,
		Example: `  sealane cert check server.crt --key server.key --ca ca.crt --host files.example`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			chain, o, err := s.read(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if keyFile != "" {
				if o.Key, err = certs.LoadKey(keyFile); err != nil {
					return err
				}
			}
			r := certs.Inspect(chain, o)
			if err := s.print(r, false); err != nil {
				return err
			}
			if r.Problems() {
				return withHint(fmt.Errorf("%s: %w", args[0], errFindings), "each finding says what to do; sealane cert show has the details")
			}
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&keyFile, "key", "", "the key in `FILE` must belong to it")
	return cmd
}
