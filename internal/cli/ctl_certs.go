package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

func newCtlCertsCommand(env *Env) *cobra.Command {
	c := &ctlCommand{env: env}
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "List the certificates that the server shows",
		Args:  cobra.NoArgs,
		RunE: c.run(func(ctx context.Context, server *control.Client) error {
			list, err := server.Certificates(ctx)
			if err != nil {
				return err
			}
			return printList(c, list, certTable)
		}),
	}
	c.flags(cmd)
	c.addJSON(cmd)
	return cmd
}

func certTable(list []control.Certificate) []string {
	rows := [][]string{{"FILE", "NAMES", "UNTIL", "PIN"}}
	for _, cert := range list {
		rows = append(rows, []string{ui.Safe(cert.File), ui.Safe(strings.Join(cert.Names, " ")), cert.Until.UTC().Format(time.DateOnly), cert.Pin})
	}
	return columns(rows)
}
