package mirror_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// C-26: which times count as equal.
func TestTimes_C26(t *testing.T) {
	midnight := day.Truncate(24 * time.Hour)
	noTimes := func(c vfs.Caps) vfs.Caps { c.SetModTime = false; return c }
	tests := []struct {
		name  string
		s, d  time.Time
		o     mirror.Options
		caps  func(vfs.Caps) vfs.Caps
		equal bool
	}{
		{"same", day, day, mirror.Options{}, nil, true},
		{"within the tolerance", day, day.Add(2 * time.Second), mirror.Options{}, nil, true},
		{"beyond", day, day.Add(-3 * time.Second), mirror.Options{}, nil, false},
		{"tolerance", day, day.Add(9 * time.Second), mirror.Options{Tolerance: 10 * time.Second}, nil, true},
		{"to the minute", day.Add(59 * time.Second), day, mirror.Options{Precision: time.Minute}, nil, true},
		{"to the second", day.Add(59 * time.Second), day, mirror.Options{Precision: time.Second}, nil, false},
		{"the day of an old file", day, midnight, mirror.Options{Precision: time.Minute}, nil, true},
		{"the day before", day, midnight.Add(-24 * time.Hour), mirror.Options{Precision: time.Minute}, nil, false},
		{"the source shows the day", midnight, day, mirror.Options{Precision: time.Minute}, nil, true},
		{"the day, exactly", day, midnight, mirror.Options{Precision: time.Second}, nil, false},
		{"a target ahead", day, day.Add(3 * time.Hour), mirror.Options{ToSkew: 3 * time.Hour}, nil, true},
		{"a source ahead", day.Add(3 * time.Hour), day, mirror.Options{FromSkew: 3 * time.Hour}, nil, true},
		{"summer time", day, day.Add(time.Hour), mirror.Options{ZoneUnknown: true}, nil, true},
		{"winter time", day, day.Add(-time.Hour), mirror.Options{ZoneUnknown: true}, nil, true},
		{"an hour in a zone that is known", day, day.Add(time.Hour), mirror.Options{}, nil, false},
		{"two hours", day, day.Add(2 * time.Hour), mirror.Options{ZoneUnknown: true}, nil, false},
		{"half an hour", day, day.Add(30 * time.Minute), mirror.Options{ZoneUnknown: true}, nil, false},
		{"the time of the upload", day, day.Add(999 * time.Hour), mirror.Options{}, noTimes, true},
		{"changed after the upload", day, day.Add(-time.Minute), mirror.Options{}, noTimes, false},
		{"no time", day, time.Time{}, mirror.Options{}, nil, true},
	}
	for _, test := range tests {
		from := &fake{FS: memfs.New(), list: listed(vfs.Entry{Name: "f", Size: 1, ModTime: test.s})}
		to := &fake{FS: memfs.New(), list: listed(vfs.Entry{Name: "f", Size: 1, ModTime: test.d}), caps: test.caps}
		if got := steps(t, from, to, test.o); (len(got) == 0) != test.equal {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

// C-26: times are set as they are meant, so that with either side ahead the second run
// moves nothing.
func TestSkew_C26(t *testing.T) {
	from, to := memfs.From(map[string]string{"f": "x"}), memfs.New()
	setTime(t, from, "f", day)
	o := mirror.Options{FromSkew: 5 * time.Hour}
	for i, changed := range []bool{true, false} {
		if rep, err := apply(t, from, to, o); err != nil || rep.Changed() != changed {
			t.Errorf("run %d: %+v, %v", i, rep, err)
		}
	}
	e, err := to.Stat(t.Context(), clean(t, "f"))
	if err != nil || !e.ModTime.Equal(day.Add(-5*time.Hour)) {
		t.Error(e.ModTime, err)
	}
}

// Contents are compared where both sides can, and times where not, which is told.
func TestByHash(t *testing.T) {
	from := memfs.From(map[string]string{"changed": "a", "touched": "b"})
	to := memfs.From(map[string]string{"changed": "x", "touched": "b"})
	for _, name := range []string{"changed", "touched"} {
		setTime(t, from, name, day)
		setTime(t, to, name, day.Add(24*time.Hour))
	}
	setTime(t, to, "changed", day)
	one := func(to vfs.FS, o mirror.Options, want string) {
		t.Helper()
		if got := steps(t, from, to, o); len(got) != 1 || got[0] != want {
			t.Errorf("%q", got)
		}
	}
	one(to, mirror.Options{ByHash: true}, `update "/changed": content`)
	asked := 0
	none := &fake{FS: to, hash: func(vfs.Path) error { asked++; return vfs.ErrUnsupported }}
	one(none, mirror.Options{ByHash: true}, `update "/touched": no hash to compare; time`)
	if asked != len(vfs.Hashes()) {
		t.Errorf("asked %d times", asked)
	}
	failed := 0
	for _, err := range mirror.Plan(t.Context(), from, none, mirror.Options{ByHash: true, StrictHash: true}) {
		if errors.Is(err, vfs.ErrUnsupported) {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d errors", failed)
	}
	broken := &fake{FS: to, hash: func(vfs.Path) error { return errors.New("broken") }}
	if _, err := apply(t, from, broken, mirror.Options{ByHash: true}); err == nil {
		t.Error("a hash that fails is no reason to copy")
	}
}
