package cli

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commandLine runs a command line that touches nothing.
func commandLine(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	var errs strings.Builder
	env := &Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &errs, Getenv: func(string) string { return "" }}
	return Main(t.Context(), env, args), errs.String()
}

func TestArguments(t *testing.T) {
	for line, want := range map[string]string{
		"get":            "sealane: sealane get takes URL... [LOCAL], and was given nothing\nhint: sealane get --help shows",
		"put a":          "sealane: sealane put takes LOCAL... URL, and was given 1 argument\nhint: sealane put --help shows",
		"mv a b c":       "sealane: sealane mv takes URL NEWNAME, and was given 3 arguments\nhint: sealane mv --help shows",
		"version x":      "sealane: sealane version takes no arguments, and was given 1 argument\nhint: sealane version --help shows",
		"ctl reload x y": "sealane: sealane ctl reload takes no arguments, and was given 2 arguments\nhint: sealane ctl reload --help shows",
	} {
		code, errs := commandLine(t, strings.Fields(line)...)
		if code != exitUsage || !strings.HasPrefix(errs, want) {
			t.Errorf("%s: exit code %d, %q, want %q", line, code, errs, want)
		}
	}
}

// Every command takes as many arguments as the first line of its help says, and says so
// when there are others.
func TestArgumentsAsInHelp(t *testing.T) {
	env := &Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	commands := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			look(sub)
		}
		if cmd.Args == nil {
			return
		}
		commands++
		least, most := 0, 0
		for _, word := range strings.Fields(cmd.Use)[1:] {
			if !strings.HasPrefix(word, "[") {
				least++
			}
			if most++; strings.HasSuffix(word, "...") {
				most = math.MaxInt / 2
			}
		}
		for n := range 6 {
			err := cmd.Args(cmd, make([]string, n))
			if takes := n >= least && n <= most; takes != (err == nil) {
				t.Errorf("%s, which takes %q, with %d arguments: %v", cmd.CommandPath(), cmd.Use, n, err)
			}
			if err != nil && (exitCode(err) != exitUsage || !strings.HasPrefix(err.Error(), cmd.CommandPath()+" takes ") || hintFor(err, exitUsage) == "") {
				t.Errorf("%s with %d arguments: %v", cmd.CommandPath(), n, err)
			}
		}
	}
	look(newRootCommand(env))
	if commands < 40 {
		t.Errorf("only %d commands were looked at", commands)
	}
}
