package cli

import (
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/trail"
)

// logReader is a command that shows lines.
type logReader struct {
	logCommand
	logFilter
	json bool
	read uint64 // the last number that tail has read
}

func (r *logReader) flags(cmd *cobra.Command) {
	r.logCommand.flags(cmd)
	r.logFilter.flags(cmd)
	cmd.Flags().BoolVar(&r.json, "json", false, "print the lines as they are in the files: JSON, one object a line")
}

func (r *logReader) printer() linePrinter {
	if r.json {
		return rawPrinter{r.env.Stdout}
	}
	return newPeoplePrinter(r.env)
}

func newLogShowCommand(env *Env) *cobra.Command {
	r := &logReader{logCommand: logCommand{env: env}}
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the trail, from its beginning",
		Example: "  sealane log show --account anna --kind transfer --since 2026-01-31",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.show(cmd, r.printer(), func(*trail.Event) bool { return true })
		},
	}
	r.flags(cmd)
	return cmd
}

func newLogGrepCommand(env *Env) *cobra.Command {
	r := &logReader{logCommand: logCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "grep PATTERN",
		Short: "Show the lines in which a text matches",
		Long: `Show the lines of the trail of which one text (path, account, address, error, and so
on) matches PATTERN, a regular expression (RE2).`,
		Example: "  sealane log grep 'invoice-[0-9]+\\.pdf$'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			re, err := regexp.Compile(args[0])
			if err != nil {
				return withHint(usagef("%q is no regular expression: %w", args[0], err), `put \ before characters such as ( and [ to mean themselves`)
			}
			return r.show(cmd, r.printer(), func(e *trail.Event) bool { return e.AnyText(re.MatchString) })
		},
	}
	r.flags(cmd)
	return cmd
}

func newLogExportCommand(env *Env) *cobra.Command {
	r := &logReader{logCommand: logCommand{env: env}}
	format := ""
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the trail for other programs",
		Long: `Print the trail as JSON (the lines as they are), CSV (a column for each member, control
characters escaped) or xferlog, the form in which wu-ftpd and others log transfers.`,
		Example: "  sealane log export --format csv --since 720h > month.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			var p linePrinter
			switch format {
			case "json":
				p = rawPrinter{env.Stdout}
			case "csv":
				p, err = newCSVPrinter(env.Stdout)
			case "xferlog":
				p = xferlogPrinter{env.Stdout}
			default:
				err = withHint(usagef("there is no format %q", format), "one of json, csv, xferlog")
			}
			if err != nil {
				return err
			}
			return r.show(cmd, p, func(*trail.Event) bool { return true })
		},
	}
	r.logCommand.flags(cmd)
	r.logFilter.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "json", "`json|csv|xferlog`")
	return cmd
}

// show prints the lines that get through the filter and take.
func (r *logReader) show(cmd *cobra.Command, p linePrinter, take func(*trail.Event) bool) error {
	if err := r.prepare(time.Now()); err != nil {
		return err
	}
	dir, files, err := r.files()
	if err != nil {
		return err
	}
	unreadable, err := trail.Scan(cmd.Context(), files, func(l trail.Line, raw []byte) error {
		if !r.takes(&l.Event) || !take(&l.Event) {
			return nil
		}
		return p.print(&l, raw)
	})
	if err != nil {
		return aboutTrail(dir, err)
	}
	if err := p.flush(); err != nil {
		return err
	}
	return r.tellUnreadable(unreadable)
}
