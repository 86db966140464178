package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

type putCommand struct {
	clientFlags
	env    *Env
	quiet  bool
	resume bool
}

func newPutCommand(env *Env) *cobra.Command {
	p := &putCommand{env: env}
	cmd := &cobra.Command{
		Use:   "put LOCAL URL",
		Short: "Upload a file and prove that it has arrived",
		Long: `Upload LOCAL, a file or "-" for standard input, to URL. If URL ends with "/" it
names a folder, and the file keeps its name.

It is done when the server has confirmed the upload and, if it can tell,
names the size that was sent.`,
		Example: `  sealane put report.pdf ftpes://anna@files.example/in/
  tar -c data | sealane put - ftps://anna@files.example/backup.tar`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), args[0], args[1]) },
	}
	p.add(cmd)
	p.addCheck(cmd)
	cmd.Flags().BoolVar(&p.quiet, "quiet", false, "print nothing but errors")
	cmd.Flags().BoolVar(&p.resume, "resume", false, "send only what the server's file lacks")
	return cmd
}

func (p *putCommand) run(ctx context.Context, local, target string) error {
	u, err := parseURL(target)
	if err != nil {
		return err
	}
	switch {
	case p.quiet && p.json:
		return usagef("--quiet and --json cannot be given together")
	case local == "-" && p.resume:
		return usagef("--resume needs a file: standard input cannot be resumed")
	case local == "-" && strings.HasSuffix(u.Path, "/"):
		return usagef("standard input has no name: give one in the URL")
	case strings.HasSuffix(u.Path, "/"):
		u.Path += filepath.Base(local)
	}
	src, err := openSource(p.env, local)
	if err != nil {
		return err
	}
	defer src.close()
	c, err := p.dial(ctx, p.env, u)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.store(ctx, c, u, src); err != nil {
		return err
	}
	leave(ctx, c)
	return nil
}

func (p *putCommand) store(ctx context.Context, c *ftpclient.Client, u ftp.URL, src *source) error {
	offset := int64(0)
	if p.resume {
		var err error
		if offset, err = src.skip(ctx, c, u); err != nil {
			return err
		}
	}
	var bar *ui.Progress
	if !p.quiet && !p.json {
		bar = ui.NewProgress(p.env.Stderr, src.name, src.size, offset)
	}
	start := time.Now()
	res, err := c.Store(ctx, u.Path, offset, countingReader{src.r, bar})
	bar.Clear()
	if err != nil {
		if res.Bytes > 0 && src.name != "-" {
			return withHint(err, "run the command again with --resume to send only what the server's file lacks")
		}
		return err
	}
	elapsed := time.Since(start)
	if !src.modTime.IsZero() && c.HasFeature("MFMT") {
		if err := c.SetModTime(ctx, u.Path, src.modTime); err != nil && !isRefused(err) {
			return err
		}
	}
	if p.quiet {
		return nil
	}
	return newFinished("put", u, src.name, offset, res, elapsed).print(p.env.Stdout, p.json)
}

// source is what is uploaded.
type source struct {
	name    string // "-" for standard input
	r       io.Reader
	file    *os.File // nil for standard input
	size    int64    // -1 if not known
	modTime time.Time
}

func openSource(env *Env, local string) (*source, error) {
	if local == "-" {
		return &source{name: local, r: env.Stdin, size: -1}, nil
	}
	file, err := os.Open(local)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = withHint(fmt.Errorf("%s is not a regular file", local), `use "-" to upload from a pipe`)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &source{name: local, r: file, file: file, size: info.Size(), modTime: info.ModTime()}, nil
}

func (s *source) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}

// skip moves to the end of what the server has already.
func (s *source) skip(ctx context.Context, c *ftpclient.Client, u ftp.URL) (int64, error) {
	there, err := c.Size(ctx, u.Path)
	if isRefused(err) && isMissing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot resume without the size of the server's file: %w", err)
	}
	if there > s.size {
		return 0, withHint(fmt.Errorf("the server's file has %d bytes, more than the %d of %s", there, s.size, s.name),
			"it is another file: run the command without --resume to replace it")
	}
	_, err = s.file.Seek(there, io.SeekStart)
	return there, err
}

// countingReader shows what passes.
type countingReader struct {
	io.Reader
	bar *ui.Progress
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.bar.Add(n)
	return n, err
}
