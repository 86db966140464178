package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/trail"
)

func newLogKeyCommand(env *Env) *cobra.Command {
	l := &logCommand{env: env}
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Print the public key that the trail is signed with",
		Long: `Print the public key that the trail is signed with. Keep it elsewhere: sealane log verify
--key proves with it that nobody has put another trail in the place of this one.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := l.folder()
			if err != nil {
				return err
			}
			key, err := trail.PublicKey(dir)
			if err != nil {
				return aboutTrail(dir, err)
			}
			_, err = fmt.Fprintln(env.Stdout, trail.FormatKey(key))
			return err
		},
	}
	l.flags(cmd)
	return cmd
}
