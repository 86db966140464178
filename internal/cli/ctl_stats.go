package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

func newCtlStatsCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count what the server has done since its start",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, server *control.Client) error {
			s, err := server.Stats(ctx)
			if err != nil {
				return err
			}
			return printList(c, []control.Stats{s}, statsTable)
		}),
	}
	c.flags(cmd)
	c.addJSON(cmd)
	return cmd
}

func statsTable(list []control.Stats) []string {
	s := list[0]
	state := "serves"
	if s.Draining {
		state = "drains"
	}
	return columns([][]string{
		{"server", state + ", version " + s.Version + ", since " + s.Started.UTC().Format(time.RFC3339)},
		{"now", ui.Count(int64(s.Sessions)) + " sessions, " + ui.Count(int64(s.Transfers)) + " transfers"},
		{"sessions", ui.Count(s.SessionsTotal) + ", " + ui.Count(s.Refused) + " refused, " + ui.Count(s.TLSFailed) + " failed in TLS"},
		{"logins", ui.Count(s.Logins) + ", " + ui.Count(s.LoginsFailed) + " failed"},
		{"uploads", ui.Count(s.Uploads) + ", " + ui.Size(s.UploadBytes)},
		{"downloads", ui.Count(s.Downloads) + ", " + ui.Size(s.DownloadBytes)},
		{"broken transfers", ui.Count(s.TransferErrors)},
		{"reloads", ui.Count(s.Reloads) + ", " + ui.Count(s.ReloadsRefused) + " refused"},
		{"data ports", ui.Count(int64(s.DataPorts.Waits)) + " waits, the longest " + s.DataPorts.LongestWait.Round(time.Millisecond).String() +
			", " + ui.Count(int64(s.DataPorts.Refused)) + " refused"},
		{"data strangers", ui.Count(int64(s.DataPorts.Strangers)) + ", " + ui.Count(int64(s.DataPorts.Unproven)) + " unproven, " +
			ui.Count(int64(s.DataPorts.Rivals)) + " lost to rivals"},
	})
}
