package cli

import (
	"context"
	"io"
	"os"
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
	// SetMemoryLimit is debug.SetMemoryLimit; nil where the process is not the program's own.
	SetMemoryLimit func(bytes int64) int64
}

// Main runs the command line args (without the program's name) until it is done
// or ctx ends, and returns the exit code. The first SIGINT or SIGTERM ends the
// command in its own way; the second one ends the program at once.
func Main(ctx context.Context, env *Env, args []string) int {
	ctx, stop := untilSignal(ctx)
	defer stop()
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

// untilSignal ends the context with the first SIGINT or SIGTERM, and the program with the
// second. Not by the default effect of that: what a shell starts with & ignores SIGINT.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for next := cancel; ; next = func() { os.Exit(exitInterrupted) } {
			select {
			case <-signals:
				next()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

func newRootCommand(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "sealane",
		Short:         "Move files over FTPS, safely",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.DisableSuggestions = true // errors are one sentence
	root.Version = readVersion().String()
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.AddCommand(newServeCommand(env), newGetCommand(env), newPutCommand(env), newMirrorCommand(env), newLsCommand(env), newCatCommand(env), newRmCommand(env), newMvCommand(env), newMkdirCommand(env), newRmdirCommand(env),
		newStatCommand(env), newHashCommand(env), newCertCommand(env), newUserCommand(env), newCtlCommand(env), newConfigCommand(env), newLogCommand(env), newVersionCommand(env),
		newExitCodesTopic())
	tellArguments(root)
	return root
}
