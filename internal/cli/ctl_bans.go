package cli

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

func newCtlBansCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	cmd := &cobra.Command{
		Use:   "bans",
		Short: "List the networks that are banned",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, server *control.Client) error {
			list, err := server.Bans(ctx)
			if err != nil {
				return err
			}
			return printList(c, list, banTable)
		}),
	}
	c.flags(cmd)
	c.addJSON(cmd)
	return cmd
}

func banTable(list []control.Ban) []string {
	rows := [][]string{{"NETWORK", "UNTIL", "REASON"}}
	for _, b := range list {
		rows = append(rows, []string{b.Network.String(), b.Until.UTC().Format(time.RFC3339), ui.Safe(b.Reason)})
	}
	return columns(rows)
}

// longestBan is the longest that the server takes.
const longestBan = 10 * 366 * 24 * time.Hour

func newCtlBanCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	var length time.Duration
	var reason string
	cmd := &cobra.Command{
		Use:     "ban NETWORK",
		Short:   "Take no connections of an address or network",
		Long:    "Take no connections of an address or network any more. Sessions that are open go on:\nsealane ctl kick ends them.",
		Example: "  sealane ctl ban 192.0.2.7 --for 24h\n  sealane ctl ban 2001:db8::/32 --reason scanner",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			network, err := parseNetwork(args[0])
			if err != nil {
				return err
			}
			if length <= 0 || length > longestBan {
				return withHint(usagef("--for must be more than 0 and at most ten years"), "write 24h, or 87600h for ten years")
			}
			b := control.Ban{Network: network, Until: time.Now().Add(length), Reason: reason}
			return c.with(cmd.Context(), func(ctx context.Context, server *control.Client) error {
				if err := server.Ban(ctx, b); err != nil {
					return err
				}
				_, err := fmt.Fprintf(env.Stdout, "%s is banned\n", network)
				return err
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().DurationVar(&length, "for", 24*time.Hour, "lift it after this `TIME`, ten years at most")
	cmd.Flags().StringVar(&reason, "reason", "", "a `TEXT` for other administrators")
	return cmd
}

func newCtlUnbanCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	cmd := &cobra.Command{
		Use:   "unban NETWORK",
		Short: "Lift a ban",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			network, err := parseNetwork(args[0])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, server *control.Client) error {
				if err := server.Unban(ctx, network); err != nil {
					return err
				}
				_, err := fmt.Fprintf(env.Stdout, "%s is not banned any more\n", network)
				return err
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// parseNetwork takes an address for the network that has it alone.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, withHint(usagef("%s is neither an address nor a network", s), "write 192.0.2.7 or 192.0.2.0/24")
	}
	return p.Masked(), nil
}
