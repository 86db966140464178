package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/daemon"
	"github.com/sealane/sealane/internal/ui"
)

func newConfigCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "The settings of the server: all there are, what is wrong, what is in force",
		RunE:  needCommand,
		Long: `The settings of "sealane serve" are in a TOML file that is given to it with --config; it
runs without one, too. Flags of serve go over the file.`,
	}
	cmd.AddCommand(newConfigDescribeCommand(env), newConfigCheckCommand(env), newConfigShowCommand(env))
	return cmd
}

func newConfigDescribeCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "describe",
		Short:   "Print a file with every setting, explained",
		Long:    "Print a file with every setting, explained. All of them are comments, so that it sets nothing.",
		Example: "  sealane config describe > sealane.toml",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return config.WriteExample(env.Stdout) },
	}
}

// settingsOf gives the settings of a server: those of its TOML file, if one is named, with
// its state folder, if that is named.
func settingsOf(file, state string) (config.Config, error) {
	c := config.Default()
	if file != "" {
		var err error
		if c, err = config.Load(file); err != nil {
			return c, usageError{err}
		}
	}
	if state != "" {
		c.State = state
	}
	return c, nil
}

// finding is one line of "sealane config check" as JSON.
type finding struct {
	Level   string `json:"level"` // "error" or "warning"
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

type configCheck struct {
	env    *Env
	json   bool
	strict bool
}

func newConfigCheckCommand(env *Env) *cobra.Command {
	c := &configCheck{env: env}
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Find every mistake in a file of settings",
		Long: `Find every mistake in a file of settings, with its line and what to do: keys that do not
exist, values that cannot be, files and folders that are not there. Settings that are
allowed and weak are warnings. Nothing is changed and no port opened.

Exit code 0: a server can start with it; 8: it has mistakes, or with --strict
warnings.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args[0]) },
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON, one object a line")
	cmd.Flags().BoolVar(&c.strict, "strict", false, "take warnings for mistakes")
	return cmd
}

func (c *configCheck) run(file string) error {
	var found []finding
	settings, err := config.Load(file)
	if err != nil {
		for _, e := range config.Apart(err) {
			found = append(found, finding{"error", e.File, e.Line, e.Key, e.Message, e.Hint})
		}
		if found == nil {
			return err // the file cannot be read
		}
		// What is right of it may name what is not there.
		if right, ok := config.Partly(file); ok {
			found = append(found, notThere(file, right)...)
		}
	} else {
		found = notThere(file, settings)
		for _, w := range settings.Weak(file) {
			found = append(found, finding{"warning", w.File, w.Line, w.Key, w.Message, w.Hint})
		}
	}
	return c.print(file, found)
}

// notThere gives what a server could not start with although the settings are right.
func notThere(file string, settings config.Config) (found []finding) {
	for _, e := range daemon.Check(settings) {
		found = append(found, finding{Level: "error", File: file, Message: e.Error(), Hint: hintFor(e, exitFindings)})
	}
	return found
}

func (c *configCheck) print(file string, found []finding) error {
	bad, weak := 0, 0
	for _, f := range found {
		if f.Level == "error" {
			bad++
		} else {
			weak++
		}
		var err error
		if c.json {
			err = ui.WriteJSON(c.env.Stdout, f)
		} else {
			err = f.print(c.env)
		}
		if err != nil {
			return err
		}
	}
	if !c.json {
		if _, err := fmt.Fprintf(c.env.Stdout, "%s: %s, %s\n", ui.Safe(file), ui.Counted(bad, "mistake"), ui.Counted(weak, "warning")); err != nil {
			return err
		}
	}
	if bad > 0 || c.strict && weak > 0 {
		return foundError{fmt.Errorf("the settings in %s have mistakes", file)}
	}
	return nil
}

// foundError is the end of a check that has found something.
type foundError struct{ error }

func (foundError) Is(target error) bool { return target == errFindings }

func (f finding) print(env *Env) error {
	at := f.File
	if f.Line > 0 {
		at += fmt.Sprintf(":%d", f.Line)
	}
	_, err := fmt.Fprintf(env.Stdout, "%s: %s: %s\n", ui.Safe(at), f.Level, ui.Safe(f.Message))
	if err == nil && f.Hint != "" {
		_, err = fmt.Fprintf(env.Stdout, "  hint: %s\n", ui.Safe(f.Hint))
	}
	return err
}

func newConfigShowCommand(env *Env) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "show [DIR]",
		Short: "Print the settings that are in force",
		Long: `Print what "sealane serve" with the same words would go by: each setting and whether it
comes from the file (by line), from a flag or is the default. Passwords and their
hashes are hidden.`,
		Example: "  sealane config show --config /etc/sealane.toml --explicit :21",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := f.settings(cmd, args); err != nil {
				return usageError{err}
			}
			return config.Show(env.Stdout, f.config, f.overrides(cmd, args))
		},
	}
	f.add(cmd)
	return cmd
}

// overrides gives what flags and argument put over the file, by key.
func (f *serveFlags) overrides(cmd *cobra.Command, args []string) map[string]config.Override {
	out := map[string]config.Override{}
	keys := serveKeys()
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		key := keys[flag.Name]
		if key == "" {
			return // --config, --password-file
		}
		var v any = flag.Value.String()
		if flag.Value.Type() == "bool" {
			v = flag.Value.String() == "true"
		}
		out[key] = config.Override{Value: v, From: "--" + flag.Name}
	})
	if len(args) == 1 {
		out["dir"] = config.Override{Value: args[0], From: "the command line"}
	}
	var accounts []any
	for _, user := range f.users {
		name, _, has := strings.Cut(user, ":")
		account := map[string]any{"name": name}
		if has {
			account["password"] = "given"
		} else {
			account["password_file"] = f.passwordFile
		}
		accounts = append(accounts, account)
	}
	if accounts != nil {
		out["account"] = config.Override{Value: accounts, From: "--user"}
	}
	return out
}
