package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// hashed is the JSON of a file's hash.
type hashed struct {
	URL       string `json:"url"` // without password
	Algorithm string `json:"algorithm"`
	Digest    string `json:"digest"` // small hex digits
}

func newHashCommand(env *Env) *cobra.Command {
	return newRemoteCommand(env, &cobra.Command{
		Use:   "hash URL",
		Short: "Have a server hash a file",
		Long: `Print the hash of the file at URL as the server computes it, by the best algorithm
that it offers (SHA-256, if it can), and the name of the algorithm. Nothing is
downloaded. A server that offers no hash refuses it (exit code 4).`,
		Example: "  sealane hash ftpes://anna@files.example/out/backup.tar",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		sum, err := c.Hash(ctx, u.Path)
		if errors.Is(err, errors.ErrUnsupported) {
			return withHint(fmt.Errorf("%w hash of files", errNotOffered), "sealane get downloads the file and compares its size; sealane cat URL | sha256sum hashes it here")
		}
		if err != nil {
			return err
		}
		if r.json {
			return ui.WriteJSON(r.env.Stdout, hashed{u.String(), sum.Hash.String(), sum.Digest})
		}
		_, err = fmt.Fprintf(r.env.Stdout, "%s  %s  %s\n", sum.Digest, sum.Hash, ui.Safe(u.Path))
		return err
	})
}
