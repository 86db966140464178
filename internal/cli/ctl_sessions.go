package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

// watchEvery is how often a live view is drawn anew.
const watchEvery = time.Second

func newCtlSessionsCommand(env *Env) *cobra.Command {
	return newCtlViewCommand(env, "sessions", "List the open sessions", func(control.Session) bool { return true })
}

func newCtlTransfersCommand(env *Env) *cobra.Command {
	return newCtlViewCommand(env, "transfers", "List the sessions that move files now", func(s control.Session) bool { return s.Verb != "" && s.Path != "" })
}

// ctlView is a list of sessions, once or again and again.
type ctlView struct {
	ctlCommand
	watch bool
	shows func(control.Session) bool
}

func newCtlViewCommand(env *Env, use, short string, shows func(control.Session) bool) *cobra.Command {
	v := &ctlView{ctlCommand: ctlCommand{env: env}, shows: shows}
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + `: id, account, address, client program, TLS, what it does,
rate and bytes. --watch shows them on the terminal as they change, until Ctrl-C;
with --json it prints one object a second.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.with(cmd.Context(), v.show) },
	}
	v.flags(cmd)
	v.addJSON(cmd)
	cmd.Flags().BoolVar(&v.watch, "watch", false, "go on, once a second")
	return cmd
}

func (v *ctlView) show(ctx context.Context, server *control.Client) error {
	if v.watch {
		return v.follow(ctx, server)
	}
	list, err := v.ask(ctx, server)
	if err != nil {
		return err
	}
	return printList(&v.ctlCommand, list.Sessions, func(s []control.Session) []string {
		return sessionTable(control.Sessions{At: list.At, Sessions: s}, nil)
	})
}

// ask gives the sessions that are to be shown.
func (v *ctlView) ask(ctx context.Context, server *control.Client) (control.Sessions, error) {
	all, err := server.Sessions(ctx)
	list := control.Sessions{At: all.At, Sessions: []control.Session{}}
	for _, s := range all.Sessions {
		if v.shows(s) {
			list.Sessions = append(list.Sessions, s)
		}
	}
	return list, err
}

// follow shows the sessions until ctx ends, which is how one stops looking.
func (v *ctlView) follow(ctx context.Context, server *control.Client) error {
	screen := ui.NewScreen(v.env.Stdout)
	if screen == nil && !v.json {
		return withHint(usagef("--watch needs a terminal"), "--json with it prints one object a second")
	}
	if v.json {
		screen = nil
	} else if err := screen.Begin(); err != nil {
		return err
	}
	var before *control.Sessions
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		list, err := v.ask(ctx, server)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case v.json:
			err = ui.WriteJSON(v.env.Stdout, list)
		default:
			err = screen.Show(append([]string{summary(list), ""}, sessionTable(list, before)...))
		}
		if err != nil {
			return err
		}
		before = &list
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// summary is the first line of the live view.
func summary(list control.Sessions) string {
	transfers := 0
	for _, s := range list.Sessions {
		if s.Path != "" {
			transfers++
		}
	}
	return fmt.Sprintf("%s  %s, %s   (Ctrl-C ends the view)", list.At.Local().Format(time.TimeOnly), ui.Counted(len(list.Sessions), "session"), ui.Counted(transfers, "transfer"))
}

// sessionTable describes sessions in lines. Rates are since before, or without it since the
// transfer began.
func sessionTable(list control.Sessions, before *control.Sessions) []string {
	old := map[string]control.Session{}
	if before != nil {
		for _, s := range before.Sessions {
			old[s.ID] = s
		}
	}
	rows := [][]string{{"ID", "ACCOUNT", "ADDRESS", "CLIENT", "TLS", "DOES", "RATE", "BYTES", "FOR"}}
	for _, s := range list.Sessions {
		rate, since := "-", s.Since
		if s.Verb != "" {
			since = s.Began
			n, d := s.Moved, list.At.Sub(s.Began)
			if o, seen := old[s.ID]; seen && o.Began.Equal(s.Began) {
				n, d = s.Moved-o.Moved, list.At.Sub(before.At)
			}
			rate = ui.Rate(n, d)
		}
		rows = append(rows, []string{
			s.ID, orDash(ui.Safe(s.Account)), s.Remote.String(), orDash(ui.Safe(s.Client)), orDash(s.TLS), doing(s, list.At), rate,
			ui.Size(s.Down + s.Up + s.Moved), list.At.Sub(since).Round(time.Second).String(),
		})
	}
	return columns(rows)
}

// doing says what a session does.
func doing(s control.Session, now time.Time) string {
	switch {
	case s.Verb != "":
		return ui.Safe(s.Verb + " " + s.Path)
	case s.Account == "":
		return "login"
	}
	return "idle " + now.Sub(s.Began).Round(time.Second).String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
