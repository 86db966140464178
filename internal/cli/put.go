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
)

type putCommand struct {
	clientFlags
	env       *Env
	resume    bool
	recursive bool
	parallel  int
}

func newPutCommand(env *Env) *cobra.Command {
	p := &putCommand{env: env}
	cmd := &cobra.Command{
		Use:   "put LOCAL... URL",
		Short: "Upload files and prove that they have arrived",
		Long: `Upload LOCAL, a file or "-" for standard input, to URL. If URL ends with "/" it
names a folder, and the file keeps its name; several files need that.

It is done when the server has confirmed the upload and, if it can tell,
names the size that was sent. A file that changes meanwhile is not verified.

With --recursive LOCAL may be a folder. What is in it goes into the folder at URL, which
is made if need be; if URL ends with "/", or there are several, into the folder of the
same name in it. What is there already with the same size and time is not moved again.
Links in it are not followed.

Of several files each is tried, those that failed are listed at the end, and the exit
code is then 3.`,
		Example: `  sealane put report.pdf ftpes://anna@files.example/in/
  sealane put *.csv ftpes://anna@files.example/in/
  sealane put -r photos ftpes://anna@files.example/backup/photos
  tar -c data | sealane put - ftps://anna@files.example/backup.tar`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.run(cmd.Context(), args[:len(args)-1], args[len(args)-1])
		},
	}
	p.add(cmd)
	p.addCheck(cmd)
	p.addQuiet(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&p.resume, "resume", false, "send only what the server's file lacks")
	flags.BoolVarP(&p.recursive, "recursive", "r", false, "upload folders with all that is in them")
	flags.IntVar(&p.parallel, "parallel", 4, "move `N` files at the same time")
	return cmd
}

func (p *putCommand) run(ctx context.Context, locals []string, address string) error {
	u, err := parseURL(address)
	if err != nil {
		return err
	}
	local, folder := locals[0], strings.HasSuffix(u.Path, "/")
	several := p.recursive || len(locals) > 1
	switch {
	case p.quiet && p.json:
		return usagef("--quiet and --json cannot be given together")
	case p.parallel < 1 || p.parallel > maxParallel:
		return usagef("--parallel must be 1 to %d", maxParallel)
	case !several && local == "-" && p.resume:
		return usagef("--resume needs a file: standard input cannot be resumed")
	case !several && local == "-" && folder:
		return usagef("standard input has no name: give one in the URL")
	case len(locals) > 1 && !folder:
		return withHint(usagef("several files need a folder"), `end the URL with "/"`)
	case several:
		return p.many(ctx, locals, u)
	case folder:
		if u.Path, err = underName(u.Path, local); err != nil {
			return err
		}
	}
	src, err := openSource(p.env, local)
	if err != nil {
		return err
	}
	defer src.close()
	newReporter(p.env, "put", &p.clientFlags, false)
	if src.file == nil {
		return p.fromStdin(ctx, u, src)
	}
	pool, u, err := p.pool(ctx, p.env, u, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	m := &mover{tells: p.report, conns: pool, goingOn: p.resume}
	err = m.upload(ctx, u, src)
	p.report.closeBoard()
	return err
}

// underName gives the path of a local name in a folder of the server.
func underName(folder, local string) (string, error) {
	abs, err := filepath.Abs(local)
	if err != nil {
		return "", err
	}
	base := filepath.Base(abs)
	if base == string(filepath.Separator) || base == filepath.VolumeName(abs)+`\` {
		return "", usagef("%s has no name: give one in the URL", local)
	}
	if strings.ContainsAny(base, "\r\n") {
		return "", usagef("FTP has no way to write the name %q, with a line end in it: give another one in the URL", base)
	}
	return folder + base, nil
}

// fromStdin uploads what can be read once: as soon as that has begun nothing is tried
// again.
func (p *putCommand) fromStdin(ctx context.Context, u ftp.URL, src *source) error {
	pool, u, err := p.pool(ctx, p.env, u, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	w := p.report.begin(u, src.name, src.size, 0)
	at := int64(0)
	res, err := pool.StoreFrom(ctx, u, readerFunc(func(b []byte) (int, error) {
		n, err := src.r.Read(b)
		at += int64(n)
		w.at(at)
		return n, err
	}))
	if err == nil {
		err = w.finish(0, res)
	}
	p.report.closeBoard()
	if at > 0 && ftpclient.Temporary(err) {
		err = withHint(err, "standard input cannot be read again: put a file, and what breaks off goes on by itself")
	}
	return err
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

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
	file, err := openRegular(local)
	if err != nil {
		return nil, err
	}
	return sourceOf(file, local)
}

// openRegular opens what may be uploaded. It looks first: to open a pipe waits for
// somebody who writes into it, and nothing can end that.
func openRegular(local string) (*os.File, error) {
	info, err := os.Stat(local)
	if err == nil {
		err = uploadable(info, local)
	}
	if err != nil {
		return nil, err
	}
	return os.Open(local)
}

// uploadable refuses what is neither file nor link to one.
func uploadable(info os.FileInfo, name string) error {
	switch {
	case info.IsDir():
		return withHint(usagef("%s is a folder", name), "--recursive uploads it with all that is in it")
	case !info.Mode().IsRegular():
		return withHint(fmt.Errorf("%s is not a regular file", name), `use "-" to upload from a pipe`)
	}
	return nil
}

// sourceOf makes a source of an open file, which it closes if that cannot be one.
func sourceOf(file *os.File, name string) (*source, error) {
	info, err := file.Stat()
	if err == nil {
		err = uploadable(info, name)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &source{name: name, r: file, file: file, size: info.Size(), modTime: info.ModTime()}, nil
}

// unchanged fails if the file is no longer what it was when it was opened: then what the
// server has may be a part of it, or of two states of it, although it is what was read.
func (s *source) unchanged() error {
	info, err := s.file.Stat()
	if err != nil || info.Size() == s.size && info.ModTime().Equal(s.modTime) {
		return err
	}
	return withHint(fmt.Errorf("%w: %s was changed while it was sent", ftpclient.ErrNotVerified, s.name), "run it again when nothing writes to the file any more")
}

func (s *source) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
