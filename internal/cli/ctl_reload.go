package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
)

func newCtlReloadCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Let the server read its settings again",
		Long: `Let the server read its settings, accounts and certificates again. It goes on with all
of them or, if there is any mistake, with those of before, and the mistake is shown
here. Sessions that are open keep what they have.`,
		Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, server *control.Client) error {
			if err := server.Reload(ctx); err != nil {
				return err
			}
			_, err := fmt.Fprintln(env.Stdout, "the server has read its settings again")
			return err
		}),
	}
	c.flags(cmd)
	return cmd
}
