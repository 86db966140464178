package cli

import (
	"context"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Env is all of the outside world that a command may touch, besides files and
// the network.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
}

// Main runs the command line args (without the program's name) until it is done
// or ctx ends, and returns the exit code. The first SIGINT or SIGTERM ends the
// command in its own way; the second one ends the program at once.
func Main(ctx context.Context, env *Env, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // gives the next signal its default effect
	root := newRootCommand(env)
	root.SetArgs(args)
	begun := false // the command line was understood
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	err := root.ExecuteContext(ctx)
	if err != nil && !begun {
		err = usageError{err}
	}
	return report(env.Stderr, err)
}

func newRootCommand(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "sealane",
		Short:         "Move files over FTPS, safely",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.DisableSuggestions = true // errors are one sentence
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.AddCommand(newServeCommand(env), newGetCommand(env), newPutCommand(env), newMirrorCommand(env), newLsCommand(env), newCatCommand(env), newRmCommand(env), newMvCommand(env), newMkdirCommand(env), newRmdirCommand(env),
		newStatCommand(env), newHashCommand(env), newCertCommand(env), newUserCommand(env), newCtlCommand(env), newConfigCommand(env), newLogCommand(env), newVersionCommand(env),
		newExitCodesTopic())
	tellArguments(root)
	return root
}
