package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/ui"
)

// knownServer is the JSON of a known server.
type knownServer struct {
	Address string    `json:"address"`
	Key     string    `json:"key"`
	Trusted bool      `json:"trusted"`
	First   time.Time `json:"first_seen"`
	Last    time.Time `json:"last_seen"`
	TLS13   bool      `json:"tls13"`
	Resumed bool      `json:"resumed"`
}

func newTrustListCommand(env *Env) *cobra.Command {
	c := &trustCommand{env: env}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the known servers",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			store, err := c.store()
			if err != nil {
				return err
			}
			known, err := store.List()
			if err != nil {
				return err
			}
			for _, h := range known {
				if err := printKnown(env.Stdout, h, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	return cmd
}

func printKnown(w io.Writer, h certs.KnownHost, asJSON bool) error {
	if asJSON {
		return ui.WriteJSON(w, knownServer{h.Address, h.Key.String(), h.Trusted, h.First, h.Last, h.TLS13, h.Resumed})
	}
	how := "verified"
	if h.Trusted {
		how = "trusted"
	}
	if h.TLS13 {
		how += ", TLS 1.3"
	}
	if h.Resumed {
		how += ", resumes"
	}
	_, err := fmt.Fprintf(w, "%s  %s  first %s  last %s  %s\n", ui.Safe(h.Address), h.Key, h.First.Format(time.DateOnly), h.Last.Format(time.DateOnly), how)
	return err
}

func newTrustRemoveCommand(env *Env) *cobra.Command {
	c := &trustCommand{env: env}
	cmd := &cobra.Command{
		Use:   "remove HOST[:PORT]|URL",
		Short: "Forget a server",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			u, err := parseServer(args[0], false)
			if err != nil {
				return err
			}
			store, err := c.store()
			if err != nil {
				return err
			}
			address := certs.KnownAddress(u.Host, u.Port)
			found, err := store.Remove(address)
			if err == nil && !found {
				err = withHint(fmt.Errorf("%s is not known", address), "sealane cert trust list shows which servers are")
			}
			return err
		},
	}
	c.flags(cmd)
	return cmd
}

func newTrustImportCommand(env *Env) *cobra.Command {
	c := &trustCommand{env: env}
	replace := false
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take over the servers of another list",
		Long: `Take over the servers of FILE, which "sealane cert trust export" has written;
"-" is standard input. If one of them is known by another key nothing is taken
over, unless --replace is given.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := c.store()
			if err != nil {
				return err
			}
			in, name := env.Stdin, "standard input"
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in, name = f, args[0]
			}
			added, err := store.Merge(in, name, replace)
			if errors.Is(err, certs.ErrConflict) {
				return withHint(err, "--replace takes the keys of the file")
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.Stdout, "%s taken over\n", ui.Counted(added, "server"))
			return err
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "replace keys that are known already")
	return cmd
}

func newTrustExportCommand(env *Env) *cobra.Command {
	c := &trustCommand{env: env}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the list of known servers to standard output",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			store, err := c.store()
			if err != nil {
				return err
			}
			_, err = store.WriteTo(env.Stdout)
			return err
		},
	}
	c.flags(cmd)
	return cmd
}
