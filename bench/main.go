// Bench measures Sealane against vsftpd, ProFTPD, Pure-FTPd and pyftpdlib, all
// on this machine, over loopback, with like settings.
//
// Each figure is taken from a freshly started server, while no other server
// runs; the servers take turns within every round, in an order that rotates from
// round to round, so that what disturbs the machine disturbs all of them. What
// counts are the ratios within a round, and their median.
//
// With "clients" as the first argument it is the client that is measured, against
// lftp, curl and rclone.
//
// docs/benchmarks.md says what is set how, and holds the last run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options is what the flags say.
type options struct {
	run        *regexp.Regexp
	servers    []string
	rounds     int
	idleRounds int
	size       int64 // bytes of one large transfer
	streams    int
	files      int // small files per connection
	logins     int
	entries    int
	idle       int
	samples    int
	program    string // Sealane; empty: build it
	fetched    string // the folder that install.sh filled
	out        string // JSON
	tmp        string
	port       int
	dataPorts  int // of Sealane
	accounting string
	timeout    time.Duration
}

func main() {
	if job := os.Getenv(bulkVariable); job != "" {
		if err := bulk(job); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	begin, args := start, os.Args[1:]
	if len(args) > 0 && args[0] == clientsWord {
		begin, args = clients, args[1:]
	}
	err := begin(ctx, args, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	var run, servers string
	var mib int64
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&run, "run", "", "run the scenarios whose name matches this `regexp`")
	f.StringVar(&servers, "servers", "", "measure only these, by `name,name`; sealane is always one of them")
	f.IntVar(&o.rounds, "rounds", 5, "rounds")
	f.IntVar(&o.idleRounds, "idle-rounds", 1, "rounds of the idle scenario, which takes long and hardly varies")
	f.Int64Var(&mib, "size", 1024, "`MiB` of a round's large transfer, over all streams")
	f.IntVar(&o.streams, "streams", 8, "streams of the parallel scenarios")
	f.IntVar(&o.files, "files", 400, "small files of a round, over all connections")
	f.IntVar(&o.logins, "logins", 20, "logins of a round")
	f.IntVar(&o.entries, "entries", 100_000, "entries of the large folder")
	f.IntVar(&o.idle, "idle", 1000, "idle sessions; 10000 need \"ulimit -n\" above that")
	f.IntVar(&o.samples, "samples", 300, "round trips of a round of the latency scenarios")
	f.StringVar(&o.program, "sealane", "", "measure this `program`, a release for instance, and not a build of this tree")
	f.IntVar(&o.dataPorts, "data-ports", 8, "data ports of Sealane, which shares them, up to 256; the others get 900")
	f.StringVar(&o.fetched, "fetched", "bin/bench-servers", "`folder` that bench/install.sh filled")
	f.StringVar(&o.out, "json", "bin/bench.json", "write the results to this `file`")
	f.StringVar(&o.tmp, "tmp", "/dev/shm", "`folder` on a tmpfs, for the files that the servers serve")
	f.IntVar(&o.port, "port", 15000, "first of the 5,000 ports on 127.0.0.1 that the servers use")
	f.StringVar(&o.accounting, "accounting", "auto", "count CPU time by cgroup, by proc, or by cgroup where that is possible (auto)")
	f.DurationVar(&o.timeout, "timeout", 3*time.Minute, "longest time for one transfer")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag; bench -help lists them", f.Arg(0))
	}
	least := min(o.rounds, o.idleRounds, o.streams, o.logins, o.entries, o.idle, o.samples, o.files/max(o.streams, 1), int(mib)/max(o.streams, 1))
	if least < 1 {
		return nil, errors.New("a size or number is too small: all must be at least 1, -size and -files at least -streams")
	}
	if o.dataPorts < 1 || o.dataPorts > 256 {
		return nil, errors.New("-data-ports must be 1 to 256")
	}
	o.size = mib << 20
	var err error
	if o.run, err = regexp.Compile(run); err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	if servers != "" {
		o.servers = strings.Split(servers, ",")
	}
	return o, nil
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the benchmarks need Linux, for its process accounting; this is %s. Run them in a Debian machine or container", runtime.GOOS)
	}
	if os.Getuid() != 0 {
		return errors.New("the servers need root, for chroot and to change the user. Run: sudo make bench")
	}
	todo, err := choose(o)
	if err != nil {
		return err
	}
	p, err := prepare(o, stderr)
	if err != nil {
		return err
	}
	defer p.remove()
	r := newReport(o, p, todo)
	err = measure(ctx, o, p, todo, r, stderr)
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

// choose picks the scenarios of -run.
func choose(o *options) ([]scenario, error) {
	var todo []scenario
	var names []string
	for _, s := range scenarios(o) {
		names = append(names, s.name)
		if o.run.MatchString(s.name) {
			todo = append(todo, s)
		}
	}
	if len(todo) == 0 {
		return nil, fmt.Errorf("-run %s matches no scenario; there are %s", o.run, strings.Join(names, ", "))
	}
	return todo, nil
}

// measure goes through the rounds. It returns an error only if it cannot go on.
func measure(ctx context.Context, o *options, p *place, todo []scenario, r *report, progress io.Writer) error {
	for round := range o.rounds {
		for _, s := range todo {
			if s.once && round >= o.idleRounds {
				continue
			}
			for _, i := range rotation(len(p.products), round) {
				if ctx.Err() != nil {
					return errors.New("interrupted; what was measured is above")
				}
				server := p.products[i]
				began := time.Now()
				values, err := sample(o, p, server, s, r)
				if errors.Is(err, errNotOffered) {
					continue
				}
				if err != nil {
					r.fail(s.name, server.name, round, err)
					fmt.Fprintf(progress, "round %d  %-12s %-10s failed: %v\n", round+1, s.name, server.name, err)
					continue
				}
				r.add(s.name, server.name, round, values)
				fmt.Fprintf(progress, "round %d  %-12s %-10s %s (%.1f s)\n", round+1, s.name, server.name, line(values), time.Since(began).Seconds())
			}
		}
	}
	return nil
}

// rotation is the order of n servers in a round.
func rotation(n, round int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (i + round) % n
	}
	return order
}
