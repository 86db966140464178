package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

type ctlKick struct {
	ctlCommand
	account, address string
}

func newCtlKickCommand(env *Env) *cobra.Command {
	k := &ctlKick{ctlCommand: ctlCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "kick [ID]...",
		Short: "End sessions",
		Long: `End sessions: those with the given ids, or all of an account, or all from an address.
Transfers are cut; what has come of an upload is kept for its client to resume. A client
may log in again at once: sealane ctl ban and sealane user disable keep it away.`,
		Example: "  sealane ctl kick 1f00ab43c29d\n  sealane ctl kick --account anna",
		RunE: func(cmd *cobra.Command, ids []string) error {
			return k.with(cmd.Context(), func(ctx context.Context, server *control.Client) error { return k.kick(ctx, server, ids) })
		},
	}
	k.flags(cmd)
	cmd.Flags().StringVar(&k.account, "account", "", "all sessions of the account `NAME`")
	cmd.Flags().StringVar(&k.address, "address", "", "all sessions from the `ADDRESS`")
	return cmd
}

func (k *ctlKick) kick(ctx context.Context, server *control.Client, ids []string) error {
	chosen := len(ids) > 0
	for _, given := range []bool{k.account != "", k.address != ""} {
		if given && chosen {
			return usagef("give ids, or --account, or --address")
		}
		chosen = chosen || given
	}
	if !chosen {
		return withHint(usagef("it is not said which sessions to end"), "sealane ctl sessions shows their ids")
	}
	if len(ids) == 0 {
		var err error
		if ids, err = k.find(ctx, server); err != nil {
			return err
		}
	}
	var errs []error
	ended := 0
	for _, id := range ids {
		if err := server.Kick(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		ended++
	}
	_, err := fmt.Fprintf(k.env.Stdout, "%s ended\n", ui.Counted(ended, "session"))
	return errors.Join(append(errs, err)...)
}

// find gives the ids of the sessions of an account or address.
func (k *ctlKick) find(ctx context.Context, server *control.Client) (ids []string, err error) {
	var from netip.Addr
	if k.address != "" {
		if from, err = netip.ParseAddr(k.address); err != nil {
			return nil, usagef("--address: %s is not an address", k.address)
		}
	}
	list, err := server.Sessions(ctx)
	for _, s := range list.Sessions {
		if k.account != "" && s.Account == k.account || k.address != "" && s.Remote.Addr() == from.Unmap() {
			ids = append(ids, s.ID)
		}
	}
	return slices.Clip(ids), err
}
