//go:build linux || darwin || freebsd

package daemon

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/config"
)

// cpuTime is what the process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTrail downloads a file of 1 kB under TLS from a server without a trail and
// from one with it, by turns. cpu-us is what a transfer costs client and server together,
// without; trail-us is what the trail adds; and share-% is that of what the server alone
// pays, reckoned as half of cpu-us. It should be below 5.
func BenchmarkTrail(b *testing.B) {
	c := config.Default()
	r, err := openTrail(c, b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer r.close()
	files := map[string]string{"f": strings.Repeat("x", 1000)}
	ctx := context.Background()
	dial := func(observe func(context.Context, ftpserver.Event)) *ftpclient.Client {
		srv := ftptest.NewServer(files, func(s *ftpserver.Server) { s.Observe = observe })
		b.Cleanup(srv.Close)
		u, err := ftp.ParseURL("ftpes://" + ftptest.User + "@" + srv.Addr + "/")
		if err != nil {
			b.Fatal(err)
		}
		u.Password = ftptest.Password
		client, err := ftpclient.Dial(ctx, u, ftpclient.Options{RootCAs: srv.Pool})
		if err != nil {
			b.Fatal(err)
		}
		return client
	}
	without := dial(nil)
	with := dial(r.observe(func(context.Context, ftpserver.Event) {}))
	var cpu [2]time.Duration
	turns := 0
	run := func(i int, client *ftpclient.Client) {
		begun := cpuTime(b)
		for range 100 {
			if _, err := client.Retrieve(ctx, "f", 0, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
		cpu[i] += cpuTime(b) - begun
	}
	run(0, without)
	run(1, with)
	cpu = [2]time.Duration{}
	for b.Loop() {
		run(turns%2, []*ftpclient.Client{without, with}[turns%2])
		run((turns+1)%2, []*ftpclient.Client{with, without}[turns%2])
		turns++
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(turns*100) }
	b.ReportMetric(each(cpu[0]), "cpu-us")
	b.ReportMetric(each(cpu[1]-cpu[0]), "trail-us")
	b.ReportMetric(100*each(cpu[1]-cpu[0])/(each(cpu[0])/2), "share-%")
}
