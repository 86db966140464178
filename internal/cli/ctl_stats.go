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
		{"now", ui.Counted(s.Sessions, "session") + ", " + ui.Counted(s.Transfers, "transfer")},
		{"sessions", ui.Count(s.SessionsTotal) + ", " + ui.Count(s.Refused) + " refused, " + ui.Count(s.TLSFailed) + " failed in TLS"},
		{"logins", ui.Count(s.Logins) + ", " + ui.Count(s.LoginsFailed) + " failed"},
		{"uploads", ui.Count(s.Uploads) + ", " + ui.Size(s.UploadBytes)},
		{"downloads", ui.Count(s.Downloads) + ", " + ui.Size(s.DownloadBytes)},
		{"broken transfers", ui.Count(s.TransferErrors)},
		{"reloads", ui.Count(s.Reloads) + ", " + ui.Count(s.ReloadsRefused) + " refused"},
		{"data ports", ui.Counted(s.DataPorts.Waits, "wait") + ", the longest " + s.DataPorts.LongestWait.Round(time.Millisecond).String() +
			", " + ui.Count(int64(s.DataPorts.Refused)) + " refused"},
		{"data strangers", ui.Count(int64(s.DataPorts.Strangers)) + ", " + ui.Count(int64(s.DataPorts.Unproven)) + " unproven, " +
			ui.Count(int64(s.DataPorts.Rivals)) + " lost to rivals"},
		{"certificates", ui.Counted(s.CertificatesRefused, "time") + " new files refused"},
		{"bans", ui.Count(int64(s.Guard.Bans)) + " in force, " + ui.Count(int64(s.Guard.Banned)) + " made; " +
			ui.Counted(s.Guard.RefusedBanned+s.Guard.RefusedDenied+s.Guard.RefusedHandshakes, "connection") + " turned away"},
		{"guarded logins", ui.Count(int64(s.Guard.LoginsDelayed)) + " delayed, " + ui.Count(int64(s.Guard.LoginsHeld+s.Guard.LoginsBarred)) + " denied unseen, " +
			ui.Count(int64(s.Guard.HashesRefused)) + " had no turn"},
		{"trail", trailState(s.Trail)},
	})
}

func trailState(t control.Trail) string {
	state := "written, "
	switch {
	case !t.On:
		return "off"
	case !t.Healthy:
		state = "NOT WRITTEN (" + ui.Safe(t.Error) + "), "
	}
	return state + ui.Counted(t.Lines, "line") + ", " + ui.Counted(t.Lost, "event") + " lost, " + ui.Counted(t.SinkLost, "line") + " lost on the way to other sinks"
}
