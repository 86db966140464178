package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// clientsWord, as the first argument, has the clients measured in place of the
// servers.
const clientsWord = "clients"

// clientOptions is what the flags behind clientsWord say.
type clientOptions struct {
	options
	many         int // files of smallSize
	delay        time.Duration
	delayedSize  int64
	delayedFiles int
	parallel     int
}

func parseClients(args []string, stderr io.Writer) (*clientOptions, error) {
	o := &clientOptions{}
	o.streams, o.entries, o.idle, o.dataPorts, o.accounting = 1, 1, 1, 16, "auto"
	var quick bool
	var servers, run string
	var mib, delayedMiB int64
	f := flag.NewFlagSet("bench clients", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&quick, "quick", false, "one round of less of everything; flags that are given still count")
	f.StringVar(&run, "run", "", "run the scenarios whose name matches this `regexp`")
	f.StringVar(&servers, "servers", "sealane,vsftpd", "measure against these, by `name,name`")
	f.IntVar(&o.rounds, "rounds", 3, "rounds")
	f.Int64Var(&mib, "size", 1024, "`MiB` of the large file")
	f.IntVar(&o.many, "files", 2000, "small files")
	f.DurationVar(&o.delay, "delay", 50*time.Millisecond, "round trip of the scenarios with delay")
	f.Int64Var(&delayedMiB, "delayed-size", 256, "`MiB` of the large file with delay")
	f.IntVar(&o.delayedFiles, "delayed-files", 200, "small files with delay")
	f.IntVar(&o.parallel, "parallel", 4, "connections for the small files")
	f.StringVar(&o.program, "sealane", "", "measure this `program`, and not a build of this tree")
	f.StringVar(&o.fetched, "fetched", "bin/bench-servers", "`folder` that bench/install.sh filled")
	f.StringVar(&o.out, "json", "bin/bench-clients.json", "write the results to this `file`")
	f.StringVar(&o.tmp, "tmp", "/dev/shm", "`folder` on a tmpfs, for all files")
	f.IntVar(&o.port, "port", 21000, "first of the 5,000 ports on 127.0.0.1 and 127.0.0.2 that the servers use")
	f.DurationVar(&o.timeout, "timeout", 5*time.Minute, "longest time of one run of a client")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag; bench clients -help lists them", f.Arg(0))
	}
	if quick {
		given := map[string]bool{}
		f.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range map[string]string{"rounds": "1", "size": "128", "files": "200", "delayed-size": "32", "delayed-files": "40"} {
			if !given[name] {
				_ = f.Set(name, value) // they are numbers
			}
		}
	}
	if min(o.rounds, o.many, o.delayedFiles, o.parallel, int(mib), int(delayedMiB)) < 1 || o.delay < 0 {
		return nil, errors.New("a size or number is too small: all must be at least 1")
	}
	o.size, o.delayedSize = mib<<20, delayedMiB<<20
	o.servers = strings.Split(servers, ",")
	return o, o.only(run)
}

// errand is one kind of work for all clients.
type errand struct {
	name    string
	upload  bool
	files   int   // 0: one large file
	size    int64 // of each
	delayed bool
}

func (o *clientOptions) errands() []errand {
	var all []errand
	for _, e := range []errand{
		{name: "big-get", size: o.size},
		{name: "big-put", size: o.size, upload: true},
		{name: "many-get", files: o.many, size: smallSize},
		{name: "many-put", files: o.many, size: smallSize, upload: true},
		{name: "big-get-far", size: o.delayedSize, delayed: true},
		{name: "big-put-far", size: o.delayedSize, upload: true, delayed: true},
		{name: "many-get-far", files: o.delayedFiles, size: smallSize, delayed: true},
		{name: "many-put-far", files: o.delayedFiles, size: smallSize, upload: true, delayed: true},
	} {
		if o.run.MatchString(e.name) {
			all = append(all, e)
		}
	}
	return all
}

// clients measures them.
func clients(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseClients(args, stderr)
	if err != nil {
		return err
	}
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		return errors.New("the benchmarks need Linux and root. Run: sudo make bench-client")
	}
	if len(o.errands()) == 0 {
		return errors.New("-run matches no scenario")
	}
	if _, err := raiseFiles(); err != nil { // the relay listens on all data ports
		return err
	}
	p, err := prepare(&o.options, stderr)
	if err != nil {
		return err
	}
	defer p.remove()
	w := &workshop{o: o, p: p}
	if err := w.fill(); err != nil {
		return err
	}
	r := w.report()
	err = w.measure(ctx, r, stderr)
	r.finish()
	if printErr := r.print(stdout); printErr != nil {
		return printErr
	}
	if saveErr := r.save(o.out); saveErr != nil {
		return saveErr
	}
	if err == nil && len(r.Failures) > 0 {
		err = fmt.Errorf("%d measurements failed; they are listed above", len(r.Failures))
	}
	return err
}

// measure goes through the rounds: every errand with every server, and there all
// clients one after the other, in an order that rotates.
func (w *workshop) measure(ctx context.Context, r *report, progress io.Writer) error {
	for round := range w.o.rounds {
		for _, e := range w.o.errands() {
			for _, server := range w.p.products {
				if err := w.turn(ctx, r, round, e, server, progress); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// turn has all clients run an errand with one server, freshly started.
func (w *workshop) turn(ctx context.Context, r *report, round int, e errand, server product, progress io.Writer) error {
	scenario := e.name + "@" + server.name
	run, err := server.start(w.p, false)
	if err != nil {
		r.fail(scenario, "all", round, err)
		return nil
	}
	defer func() { r.used += run.stop() }()
	if e.files == 0 {
		if err := w.p.touchMemory(e.size); err != nil {
			return err
		}
	}
	at := site{host: nearHost, port: server.control, server: server.name}
	if e.delayed {
		relay, err := newRelay(nearHost, farHost, server.ports(), w.o.delay)
		if err != nil {
			return err
		}
		defer relay.close()
		at.host = farHost
	}
	if round == 0 {
		// The machine gets memory from its host when it first uses it: whoever is first
		// takes up to twice the time, and the CPU time, of its other rounds.
		_, used, _ := w.sample(ctx, w.clients[0], e, at) // a failure comes again
		r.used += used
	}
	for _, i := range rotation(len(w.clients), round) {
		if ctx.Err() != nil {
			return errors.New("interrupted; what was measured is above")
		}
		c := w.clients[i]
		values, used, err := w.sample(ctx, c, e, at)
		r.used += used
		if err != nil {
			r.fail(scenario, c.name, round, err)
			fmt.Fprintf(progress, "round %d  %-20s %-8s failed: %v\n", round+1, scenario, c.name, err)
			continue
		}
		r.add(scenario, c.name, round, values)
		fmt.Fprintf(progress, "round %d  %-20s %-8s %s\n", round+1, scenario, c.name, line(values))
	}
	return nil
}

// sample runs one client once, and sees whether all has arrived.
func (w *workshop) sample(ctx context.Context, c rival, e errand, at site) ([]value, time.Duration, error) {
	arrived := filepath.Join(w.p.dir, "local")
	if e.upload {
		arrived = filepath.Join(w.p.tree, "up")
	}
	if err := emptied(arrived); err != nil {
		return nil, 0, err
	}
	defer emptied(arrived)
	ctx, cancel := context.WithTimeout(ctx, w.o.timeout)
	defer cancel()
	cmd, err := c.command(ctx, e, at)
	if err != nil {
		return nil, 0, err
	}
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), cmd.Env...)
	// rclone is Go, which takes its authorities from here.
	cmd.Env = append(cmd.Env, "HOME="+w.p.path("home"), "SSL_CERT_FILE="+w.p.cert)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	elapsed := time.Since(began)
	var used time.Duration
	if state := cmd.ProcessState; state != nil {
		used = state.UserTime() + state.SystemTime()
	}
	if err != nil {
		return nil, used, fmt.Errorf("%w: %s", err, tail(out, 300))
	}
	want := e.size * int64(max(e.files, 1))
	if n, err := sizes(arrived); err != nil || n != want {
		return nil, used, fmt.Errorf("it says that all is done, but of %d bytes %d have arrived (%v)", want, n, err)
	}
	return []value{
		{"time", "s", elapsed.Seconds()},
		{"cpu", "s", used.Seconds()},
	}, used, nil
}

// emptied deletes what is in a folder, and leaves the folder.
func emptied(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// sizes adds up all files below a folder.
func sizes(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

// report is empty, with what is known before the first round.
func (w *workshop) report() *report {
	o := w.o
	r := &report{Began: time.Now().UTC(), rounds: o.rounds, own: own(), load: load()}
	if b, err := busy(); err == nil {
		r.busy = b
	}
	r.Machine = append(machine(), fmt.Sprintf("cores: %d", runtime.NumCPU()), "go: "+runtime.Version())
	r.Settings = []string{
		fmt.Sprintf("rounds: %d", o.rounds),
		fmt.Sprintf("big: %d MiB; many: %d files of 4 KiB over %d connections", o.size>>20, o.many, o.parallel),
		fmt.Sprintf("far: a round trip of %v; %d MiB, %d files", o.delay, o.delayedSize>>20, o.delayedFiles),
		"files: " + o.tmp,
	}
	for _, s := range w.p.products {
		r.Settings = append(r.Settings, "server: "+s.name+" "+s.version)
	}
	for _, c := range w.clients {
		r.Servers = append(r.Servers, serverInfo{Name: c.name, Version: c.version, Settings: c.settings})
	}
	for _, e := range o.errands() {
		for _, s := range w.p.products {
			for _, c := range w.clients {
				if strings.HasPrefix(c.name, sealaneName) {
					continue
				}
				for _, metric := range []string{"time", "cpu"} {
					r.aims = append(r.aims, aim{e.name + "@" + s.name, metric, c.name, false, 1})
				}
			}
		}
	}
	return r
}

// versionOf is the first line of what a program says of itself.
func versionOf(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first)
}
