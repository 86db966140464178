package listing

import (
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// Times come out as package time and package ftp have them.
func TestTimesAsTheStandardHasThem(t *testing.T) {
	zone := time.FixedZone("", -11*3600)
	times := []time.Time{{}, now, now.In(zone), time.Unix(0, 0), time.Unix(-1, 0), time.Unix(1<<40, 0), time.Unix(-1<<40, 0)}
	for i := range 5000 {
		times = append(times, time.Unix(int64(i)*1_234_567, 0))
	}
	for _, at := range times {
		if got, want := string(appendStamp(nil, at)), ftp.FormatTime(at); got != want {
			t.Fatalf("stamp %q, want %q", got, want)
		}
		for layout, now := range map[string]time.Time{
			"Jan _2  2006": at.Add(halfYear + 1), "Jan _2 15:04": at.Add(halfYear),
		} {
			if got, want := string(appendListTime(nil, at, now)), at.UTC().Format(layout); got != want {
				t.Fatalf("list time %q, want %q", got, want)
			}
		}
	}
}

// Formatting allocates nothing.
func TestNoAllocation(t *testing.T) {
	b, all := make([]byte, 0, 512), ftp.MakeFactSet(ftp.AllFacts()...)
	entry := file
	entry.Rights = vfs.RightsOf(entry, true)
	for name, format := range map[string]func(){
		"LIST": func() { b = AppendList(b[:0], entry, now) },
		"MLSD": func() { b = AppendMLSx(b[:0], entry, entry.Name, all, nil) },
	} {
		if n := testing.AllocsPerRun(100, format); n != 0 {
			t.Errorf("%s: %v allocations for each entry", name, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	line, usual := make([]byte, 0, 512), ftp.MakeFactSet(ftp.UsualFacts()...)
	entry := file
	entry.Rights = vfs.RightsOf(entry, true)
	b.Run("LIST", func(b *testing.B) {
		for b.Loop() {
			line = AppendList(line[:0], entry, now)
		}
	})
	b.Run("MLSD", func(b *testing.B) {
		for b.Loop() {
			line = AppendMLSx(line[:0], entry, entry.Name, usual, nil)
		}
	})
}
