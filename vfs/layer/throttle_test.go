package layer_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// within judges virtual time: in a synctest bubble it is exact.
func within(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s took %v, want %v to %v", what, got, least, most)
	}
}

func limit(rate int64) []*layer.Limiter { return []*layer.Limiter{nil, layer.NewLimiter(rate)} }

// blank is a storage of files that cost nothing.
type blank struct {
	vfs.FS
	size int64
}

func (b blank) Open(context.Context, vfs.Path) (vfs.File, error) {
	return blankFile{io.LimitReader(b, b.size)}, nil
}

func (b blank) Read(p []byte) (int, error) { return len(p), nil }

func (b blank) Create(context.Context, vfs.Path, vfs.Create) (vfs.Upload, error) {
	return blankUpload{}, nil
}

type blankFile struct{ io.Reader }

func (blankFile) Entry() vfs.Entry               { return vfs.Entry{} }
func (blankFile) Close() error                   { return nil }
func (blankFile) Seek(int64, int) (int64, error) { return 0, nil }

type blankUpload struct{}

func (blankUpload) Write(b []byte) (int, error)               { return len(b), nil }
func (blankUpload) Offset() int64                             { return 0 }
func (blankUpload) Commit(context.Context) (vfs.Entry, error) { return vfs.Entry{}, nil }
func (blankUpload) Abort(error) error                         { return nil }

// Rates from a trickle to a flood, for both directions: ten seconds' worth each.
func TestThrottleRates(t *testing.T) {
	for _, rate := range []int64{3, 1 << 10, 1 << 20, 1 << 30} {
		synctest.Test(t, func(t *testing.T) {
			f := layer.Throttle(blank{memfs.New(), 10 * rate}, layer.Rates{Read: limit(rate), Write: limit(rate)})
			slack := 120*time.Millisecond + time.Second/time.Duration(rate)
			up, err := f.Create(t.Context(), vfs.Path{}, vfs.Create{})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			buf := make([]byte, min(64<<10, rate))
			for left := 10 * rate; left > 0; left -= int64(len(buf)) {
				if n, err := up.Write(buf[:min(left, int64(len(buf)))]); int64(n) != min(left, int64(len(buf))) || err != nil {
					t.Fatal(n, err)
				}
			}
			within(t, "upload", time.Since(start), 10*time.Second-slack, 10*time.Second+slack)
			if _, err := up.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			file, err := f.Open(t.Context(), vfs.Path{})
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			start = time.Now()
			if n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{file}, buf); n != 10*rate || err != nil {
				t.Errorf("read %d bytes, %v", n, err)
			}
			within(t, "download", time.Since(start), 10*time.Second-slack, 10*time.Second+slack)
		})
	}
}

// No burst: at 1 KiB/s a reader with a big buffer gets a little at a time, also
// after a long pause, and in no second more than a second's worth.
func TestThrottleIsSmooth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := memfs.From(map[string]string{"f": strings.Repeat("x", 8<<10)})
		f := layer.Throttle(tree, layer.Rates{Read: limit(1 << 10)})
		file, err := f.Open(t.Context(), path(t, "/f"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		perSecond := map[int64]int{}
		buf := make([]byte, 64<<10)
		for start := time.Now(); ; {
			n, err := file.Read(buf)
			if n > 64 {
				t.Errorf("%d bytes at once", n)
			}
			perSecond[int64(time.Since(start)/time.Second)] += n
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for second, n := range perSecond {
			if n > 1<<10+128 {
				t.Errorf("second %d had %d bytes", second, n)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Sessions of one account share its rate equally, and one that is slow by itself
// leaves the rest to the others.
func TestThrottleIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := layer.NewLimiter(100 << 10)
		tree := memfs.New()
		rates := []int64{0, 0, 0, 10 << 10}
		got := make([]int64, len(rates))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for i, rate := range rates {
			f := layer.Throttle(tree, layer.Rates{Write: []*layer.Limiter{layer.NewLimiter(rate), account}})
			up, err := f.Create(ctx, path(t, "/"+string(rune('a'+i))), vfs.Create{})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				// Buffers of different sizes get no different treatment.
				for {
					n, err := up.Write(make([]byte, 1000*(i+1)))
					got[i] += int64(n)
					if err != nil {
						break
					}
				}
				up.Abort(nil)
			})
		}
		wg.Wait()
		for i, want := range []int64{300 << 10, 300 << 10, 300 << 10, 100 << 10} {
			if got[i] < want*95/100 || got[i] > want*105/100 {
				t.Errorf("session %d moved %d bytes, want about %d", i, got[i], want)
			}
		}
	})
}

// The waiting ends with its context, and when the file is closed.
func TestThrottleEnds(t *testing.T) {
	for name, end := range map[string]func(cancel func(), file vfs.File, up vfs.Upload){
		"context": func(cancel func(), _ vfs.File, _ vfs.Upload) { cancel() },
		"close":   func(_ func(), file vfs.File, up vfs.Upload) { file.Close(); up.Abort(nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			want := map[string]error{"context": context.Canceled, "close": fs.ErrClosed}[name]
			both := limit(1) // what one takes the other waits for
			f := layer.Throttle(memfs.From(map[string]string{"f": "xxxxxxxx"}), layer.Rates{Read: both, Write: both})
			file, err := f.Open(ctx, path(t, "/f"))
			if err != nil {
				t.Fatal(err)
			}
			up, err := f.Create(ctx, path(t, "/g"), vfs.Create{})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() {
				_, err := io.ReadAll(file)
				wantErr(t, "Read", err, want)
			})
			wg.Go(func() {
				n, err := up.Write(make([]byte, 100))
				wantErr(t, "Write", err, want)
				if n >= 100 {
					t.Errorf("%d bytes were written", n)
				}
			})
			time.Sleep(2500 * time.Millisecond)
			synctest.Wait()
			end(cancel, file, up)
			wg.Wait()
			within(t, "the waiting", time.Since(start), 2500*time.Millisecond, 2500*time.Millisecond)
			if _, err := up.Commit(t.Context()); err == nil {
				t.Error("an upload whose Write broke off was committed")
			}
			// What was booked and not moved is for others at once.
			start = time.Now()
			wantErr(t, "put", put(t.Context(), f, path(t, "/h"), vfs.Create{}, "x"), nil)
			within(t, "the next transfer", time.Since(start), 0, 2*time.Second)
		})
	}
}

// A rate may be changed while transfers run, and be taken away.
func TestThrottleSetRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := layer.NewLimiter(1 << 10)
		f := layer.Throttle(memfs.New(), layer.Rates{Write: []*layer.Limiter{l}})
		up, err := f.Create(t.Context(), path(t, "/f"), vfs.Create{})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			rate int64
			want time.Duration
		}{{1 << 10, 10 * time.Second}, {2 << 10, 5 * time.Second}, {0, 0}} {
			l.SetRate(test.rate)
			start := time.Now()
			if _, err := up.Write(make([]byte, 10<<10)); err != nil {
				t.Fatal(err)
			}
			within(t, "10 KiB", time.Since(start), test.want-150*time.Millisecond, test.want+150*time.Millisecond)
		}
		if _, err := up.Commit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Errors of the storage come through, and the end of a file is no error.
func TestThrottleErrors(t *testing.T) {
	f := layer.Throttle(memfs.New(memfs.Limit(3)), fast())
	err := put(t.Context(), f, path(t, "/f"), vfs.Create{}, "1234")
	wantErr(t, "put", err, vfs.ErrNoSpace)
	if errors.Is(err, fs.ErrClosed) {
		t.Errorf("put: %v", err)
	}
	wantErr(t, "put", put(t.Context(), f, path(t, "/f"), vfs.Create{}, "123"), nil)
	if got, err := get(t.Context(), f, path(t, "/f")); got != "123" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
