package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
)

func newCtlDrainCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Let the server stop when its sessions have ended",
		Long: `Let the server take no new sessions, and stop when the last of those that are open has
ended. With --for it stops after that time at the latest: transfers then have the
grace time (limits.grace) to finish.`,
		Args: cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, server *control.Client) error {
			if limit < 0 {
				return usagef("--for must be more than 0")
			}
			if err := server.Drain(ctx, limit); err != nil {
				return err
			}
			_, err := fmt.Fprintln(env.Stdout, "the server takes no new sessions, and stops when the others have ended")
			return err
		}),
	}
	c.flags(cmd)
	cmd.Flags().DurationVar(&limit, "for", 0, "wait no longer than this `TIME` (default: as long as it takes)")
	return cmd
}
