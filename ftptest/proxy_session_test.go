package ftptest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/ftptest"
)

// F-06: a session that is cut, by FIN or by RST, at any byte in either direction of
// any of its connections, is noticed without waiting for a limit; whatever was called
// a success is one; files are old or new, and nothing is left running. The cut of a
// data connection costs its own transfer at most.
func TestFaultCut_F06(t *testing.T) {
	faults := recorded(t).everywhere(stepOf(t, 23), func(f ftptest.Fault) []ftptest.Fault {
		cut, reset := f, f
		cut.Do, reset.Do = ftptest.Cut, ftptest.Reset
		return []ftptest.Fault{cut, reset}
	})
	sweep(t, 2, 20*time.Second, faults, func(f ftptest.Fault, o *outcome, faulty bool) (problems []string) {
		for step, err := range o.all() {
			if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
				problems = append(problems, fmt.Sprintf("step %d waited for a limit", step))
			}
		}
		return append(problems, strangers(f, o, faulty)...)
	})
}

// strangers are the steps that failed although the fault was not in their way.
func strangers(f ftptest.Fault, o *outcome, faulty bool) (problems []string) {
	for step, err := range o.all() {
		switch {
		case err == nil:
		case !faulty:
			problems = append(problems, fmt.Sprintf("step %d failed without a fault", step))
		case f.Conn > 0 && step != f.Conn: // steps 1 to 3 have the data connections
			problems = append(problems, fmt.Sprintf("step %d failed for another's data connection", step))
		}
	}
	return problems
}

// F-06, R-166: a bit that is wrong, in any byte, never makes a wrong file, name or
// success: under TLS it ends its connection, and nothing of its record is delivered.
func TestFaultFlip_F06(t *testing.T) {
	faults := recorded(t).everywhere(stepOf(t, 23), func(f ftptest.Fault) []ftptest.Fault {
		if f.At == ftptest.End {
			return nil
		}
		f.Do, f.Bit = ftptest.Flip, uint8(f.At)%8
		return []ftptest.Fault{f}
	})
	// A length that got longer shows by its limit only: hence a short one, and many at
	// a time.
	var noticed, total atomic.Int32
	sweep(t, 16, time.Second, faults, func(f ftptest.Fault, o *outcome, faulty bool) []string {
		if faulty {
			total.Add(1)
			if slices.ContainsFunc(o.all(), func(err error) bool { return err != nil }) {
				noticed.Add(1)
			}
		}
		if slices.ContainsFunc(o.all(), func(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }) {
			return nil // it was the short limit, which strikes whatever is under way
		}
		return strangers(f, o, faulty)
	})
	// Not all of them matter: not that of a letter in a greeting.
	if noticed.Load() < total.Load()*8/10 {
		t.Errorf("%d of %d wrong bits were noticed", noticed.Load(), total.Load())
	}
	t.Logf("%d of %d wrong bits were noticed", noticed.Load(), total.Load())
}

// F-06: delays, of bytes and of ends, so that data and replies come in any order, are
// no failure.
func TestFaultDelay_F06(t *testing.T) {
	faults := recorded(t).everywhere(stepOf(t, 23), func(f ftptest.Fault) []ftptest.Fault {
		f.Do, f.Wait = ftptest.Delay, 20*time.Millisecond
		return []ftptest.Fault{f}
	})
	sweep(t, 16, 20*time.Second, faults, func(_ ftptest.Fault, o *outcome, _ bool) []string { return strangers(ftptest.Fault{}, o, false) })
}

// F-06: neither is a line that passes byte after byte, in whatever direction.
func TestFaultSplit_F06(t *testing.T) {
	for _, kind := range []ftptest.Fault{{Do: ftptest.Split}, {Do: ftptest.Throttle, Wait: 10 * time.Microsecond}} {
		t.Run(kind.Do.String(), func(t *testing.T) {
			p := newSessionPath(t)
			defer p.close()
			var faults []ftptest.Fault
			for conn := range 4 {
				if conn == 0 && kind.Do == ftptest.Throttle {
					continue // what is long there is Split's
				}
				for _, kind.Direction = range []ftptest.Direction{ftptest.Up, ftptest.Down} {
					kind.Conn = conn
					faults = append(faults, kind)
				}
			}
			o, err := p.play(t.Context(), faults...)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range append(strangers(ftptest.Fault{}, o, false), p.wrong(o)...) {
				t.Error(problem)
			}
		})
	}
}
