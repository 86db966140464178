package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// workshop is what all clients of a run have in common.
type workshop struct {
	o       *clientOptions
	p       *place
	program string // Sealane
	secret  string // file with the password
	obscure string // as rclone wants it
	clients []rival
}

// site is where a client is to connect to.
type site struct {
	host   string
	port   int
	server string
}

func (s site) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// rival is a client that can be measured.
type rival struct {
	name, version, settings string
	command                 func(ctx context.Context, e errand, at site) (*exec.Cmd, error)
}

// only sets which scenarios are run.
func (o *clientOptions) only(run string) (err error) {
	if o.run, err = regexp.Compile(run); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	return nil
}

// fill makes what is fetched and what is sent, and looks for the clients.
func (w *workshop) fill() error {
	for _, name := range []string{"local", "home", "out"} {
		if err := os.Mkdir(w.p.path(name), 0o755); err != nil {
			return err
		}
	}
	content, err := os.ReadFile(filepath.Join(w.p.tree, smallName(0)))
	if err != nil {
		return err
	}
	// The same files lie on the server, to be fetched, and here, to be sent.
	big := filepath.Join(w.p.tree, "big")
	if err := os.Link(big, w.p.path("out/big")); err != nil {
		return err
	}
	for name, size := range map[string]int64{"far": w.o.delayedSize} {
		if err := w.p.file(name, content, size); err != nil {
			return err
		}
		if err := os.Link(filepath.Join(w.p.tree, name), w.p.path("out/"+name)); err != nil {
			return err
		}
	}
	for name, files := range map[string]int{"many": w.o.many, "few": w.o.delayedFiles} {
		if err := w.p.folder(filepath.Join(w.p.tree, name)); err != nil {
			return err
		}
		if err := os.Mkdir(w.p.path("out/"+name), 0o755); err != nil {
			return err
		}
		for i := range files {
			file := filepath.Join(name, manyName(i))
			if err := w.p.file(file, content, smallSize); err != nil {
				return err
			}
			if err := os.Link(filepath.Join(w.p.tree, file), w.p.path("out/"+file)); err != nil {
				return err
			}
		}
	}
	w.secret = w.p.path("password")
	if err := os.WriteFile(w.secret, []byte(w.p.password), 0o600); err != nil {
		return err
	}
	w.program = w.p.path("sealane")
	return w.find()
}

func manyName(i int) string { return fmt.Sprintf("file-%05d", i) }

// find sets up the clients that are installed. Ours has to be there.
func (w *workshop) find() error {
	w.clients = []rival{
		{sealaneName, revision(), "get, put, -r; --check size", w.sealane("size")},
		{sealaneName + "-hash", "the same", "--check hash, the default: the server hashes what it has", w.sealane("hash")},
	}
	if _, err := exec.LookPath("lftp"); err == nil {
		w.clients = append(w.clients, rival{"lftp", versionOf("lftp", "--version"), "EPSV; mirror --parallel", w.lftp})
	}
	if _, err := exec.LookPath("curl"); err == nil {
		w.clients = append(w.clients, rival{"curl", versionOf("curl", "--version"), "--ftp-method nocwd; many: -Z", w.curl})
	}
	if _, err := exec.LookPath("rclone"); err == nil {
		var err error
		if w.obscure, err = filter(w.p.password, "rclone", "obscure", "-"); err != nil {
			return err
		}
		w.clients = append(w.clients, rival{"rclone", versionOf("rclone", "version"), "copy --transfers", w.rclone})
	}
	if len(w.clients) == 2 {
		return errors.New("no other client is here. Run: interop/install.sh")
	}
	return nil
}

// remote names what is fetched on the server, and here what is sent.
func (e errand) remote() string {
	switch {
	case e.files == 0 && e.delayed:
		return "far"
	case e.files == 0:
		return "big"
	case e.delayed:
		return "few"
	}
	return "many"
}

// sealane proves a transfer by check: "size" is what the others prove at most.
func (w *workshop) sealane(check string) func(ctx context.Context, e errand, at site) (*exec.Cmd, error) {
	return func(ctx context.Context, e errand, at site) (*exec.Cmd, error) {
		url := "ftpes://" + user + "@" + at.address() + "/"
		args := []string{"get", url + e.remote(), w.p.path("local/" + e.remote())}
		if e.upload {
			args = []string{"put", w.p.path("out/" + e.remote()), url + "up/" + e.remote()}
		}
		args = append(args, "--quiet", "--check", check, "--ca", w.p.cert, "--password-file", w.secret)
		if e.files > 0 {
			args = append(args, "--recursive", "--parallel", strconv.Itoa(w.o.parallel))
		}
		return exec.CommandContext(ctx, w.program, args...), nil
	}
}

func (w *workshop) lftp(ctx context.Context, e errand, at site) (*exec.Cmd, error) {
	from, to := "/"+e.remote(), w.p.path("local/"+e.remote())
	verb, mirror := "get", ""
	if e.upload {
		from, to = w.p.path("out/"+e.remote()), "/up/"+e.remote()
		verb, mirror = "put", "-R "
	}
	job := fmt.Sprintf("%s %s -o %s", verb, from, to)
	if e.files > 0 {
		job = fmt.Sprintf("mirror %s--parallel=%d %s %s", mirror, w.o.parallel, from, to)
	}
	script := fmt.Sprintf(`set cmd:fail-exit yes
set net:max-retries 1
set net:timeout 30
set ssl:ca-file %s
set ftp:ssl-force yes
set ftp:ssl-protect-data yes
set ftp:prefer-epsv yes
open -u %s,%s ftp://%s
%s
`, w.p.cert, user, w.p.password, at.address(), job)
	file := w.p.path("lftp.script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "lftp", "--norc", "-f", file), nil
}

func (w *workshop) curl(ctx context.Context, e errand, at site) (*exec.Cmd, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "silent\nshow-error\nfail\nssl-reqd\ncacert = %q\nuser = \"%s:%s\"\nftp-method = nocwd\n", w.p.cert, user, w.p.password)
	names := []string{e.remote()}
	if e.files > 0 {
		fmt.Fprintf(&b, "parallel\nparallel-max = %d\n", w.o.parallel)
		names = names[:0]
		for i := range e.files {
			names = append(names, e.remote()+"/"+manyName(i))
		}
		if err := os.MkdirAll(w.p.path("local/"+e.remote()), 0o755); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if e.upload { // side by side in one folder: curl would ask for each folder on the way
			fmt.Fprintf(&b, "upload-file = %q\nurl = \"ftp://%s/up/%s\"\n", w.p.path("out/"+name), at.address(), filepath.Base(name))
		} else {
			fmt.Fprintf(&b, "url = \"ftp://%s/%s\"\noutput = %q\n", at.address(), name, w.p.path("local/"+name))
		}
	}
	file := w.p.path("curl.config")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, "curl", "-q", "-K", file), nil
}

func (w *workshop) rclone(ctx context.Context, e errand, at site) (*exec.Cmd, error) {
	verb := "copy"
	if e.files == 0 {
		verb = "copyto"
	}
	from, to := ":ftp:/"+e.remote(), w.p.path("local/"+e.remote())
	if e.upload {
		from, to = w.p.path("out/"+e.remote()), ":ftp:/up/"+e.remote()
	}
	parallel := strconv.Itoa(w.o.parallel)
	cmd := exec.CommandContext(ctx, "rclone", verb, from, to, "--config", "/dev/null", "--quiet", "--retries", "1",
		"--multi-thread-streams", "0", // one stream for the large file, as the others have
		"--transfers", parallel, "--checkers", parallel,
		"--ftp-host", at.host, "--ftp-port", strconv.Itoa(at.port), "--ftp-user", user, "--ftp-explicit-tls")
	if at.server == "vsftpd" {
		// It resumes control connections too, which ends in "illegal parameter" there.
		cmd.Args = append(cmd.Args, "--ftp-writing-mdtm", "--ftp-disable-tls13")
	}
	cmd.Env = []string{"RCLONE_FTP_PASS=" + w.obscure}
	return cmd, nil
}
