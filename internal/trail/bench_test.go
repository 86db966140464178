package trail

import (
	"context"
	"testing"
)

// BenchmarkRecord is the cost of one transfer in the trail: the line, its hash, and the
// writing, a few thousand at a time as on a busy server.
func BenchmarkRecord(b *testing.B) {
	for b.Loop() {
		tr, err := Open(Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		for i := range 5000 {
			tr.Record(transferred(i))
		}
		if err := tr.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*5000), "us/event")
}

// BenchmarkVerify reads 100,000 lines.
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	write(b, Options{Dir: dir}, 100_000)
	for b.Loop() {
		if r := mustVerify(b, dir, Expect{}); len(r.Findings) > 0 {
			b.Fatal(r.Findings)
		}
	}
}
