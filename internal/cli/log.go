package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/daemon"
	"github.com/sealane/sealane/internal/trail"
	"github.com/sealane/sealane/internal/ui"
)

func newLogCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "What happened in the server, and the proof of it",
		RunE:  needCommand,
		Long: `Read and verify the trail that "sealane serve" writes: logins, transfers, changes,
refusals and what the administration did. docs/trail.md describes its lines.`,
	}
	cmd.AddCommand(newLogTailCommand(env), newLogShowCommand(env), newLogGrepCommand(env), newLogVerifyCommand(env),
		newLogExportCommand(env), newLogKeyCommand(env))
	return cmd
}

// logCommand is what the commands below "sealane log" share.
type logCommand struct {
	env    *Env
	state  string
	config string
	dir    string
}

func (l *logCommand) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.state, "state", "", "the state `DIR` of the server (default: the user's state folder)")
	f.StringVar(&l.config, "config", "", "take the folders from this TOML `FILE` of the server")
	f.StringVar(&l.dir, "dir", "", "the `DIR` with the files of a trail, in place of those")
}

// folder finds the trail.
func (l *logCommand) folder() (string, error) {
	if l.dir != "" {
		return l.dir, nil
	}
	c, err := settingsOf(l.config, l.state)
	if err != nil {
		return "", err
	}
	return daemon.TrailDir(c)
}

// files lists the files of the trail, of which there must be one.
func (l *logCommand) files() (string, []trail.File, error) {
	dir, err := l.folder()
	if err != nil {
		return "", nil, err
	}
	files, err := trail.Files(dir)
	if err == nil && len(files) == 0 {
		err = fs.ErrNotExist
	}
	return dir, files, aboutTrail(dir, err)
}

// aboutTrail says what to do about a trail that cannot be read.
func aboutTrail(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return withHint(fmt.Errorf("there is no trail in %s", dir), "--state DIR is for a server with another state folder, --dir DIR for files elsewhere; a server writes it unless trail.file is false")
	case errors.Is(err, fs.ErrPermission):
		return withHint(fmt.Errorf("the trail in %s cannot be read: %w", dir, err), "only the user of the server may read it: try sudo")
	}
	return err
}

// tellUnreadable warns of lines that were passed over.
func (l *logCommand) tellUnreadable(n int) error {
	if n == 0 {
		return nil
	}
	_, err := fmt.Fprintf(l.env.Stderr, "sealane: %s cannot be read; sealane log verify says which\n", ui.Counted(n, "line"))
	return err
}
