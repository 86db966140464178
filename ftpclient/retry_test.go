package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftp"
)

func refusal(code ftp.Code) error { return &ftp.Error{Command: "RETR", Reply: ftp.Replyf(code, "no")} }

// What is final stays final: 5yz, trust, content that differs; 4yz and the network
// are not.
func TestTemporary(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{refusal(421), true}, {refusal(425), true}, {refusal(450), true}, {refusal(530), false}, {refusal(550), false},
		{fmt.Errorf("%w: %w", ErrNetwork, errors.New("refused")), true},
		{fmt.Errorf("%w: %w", ErrNetwork, context.DeadlineExceeded), true},
		{fmt.Errorf("%w: %w", ErrNotVerified, ErrTruncated), true},
		{fmt.Errorf("%w: %w", ErrNotVerified, refusal(426)), true},
		{fmt.Errorf("%w: %w", ErrNotVerified, refusal(552)), false},
		{fmt.Errorf("%w: %w", ErrTLS, refusal(431)), false},
		{fmt.Errorf("%w: %w: %w", ErrTLS, ErrNetwork, ErrUnresumed), false},
		{differf("other size"), false},
		{errEarly, false},
		{ErrProtocol, false}, {ErrBusy, false}, {ErrClosed, false}, {errors.New("disk full"), false}, {context.Canceled, false},
	} {
		if got := Temporary(tt.err); got != tt.want {
			t.Errorf("%v: %v", tt.err, got)
		}
	}
}

// The pauses double up to a bound, each between half of it and all.
func TestRetryPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Time
		r := Retry{Attempts: 7, Pause: time.Second, MaxPause: 10 * time.Second}
		err := r.Do(t.Context(), func() error { calls = append(calls, time.Now()); return refusal(450) })
		wantCode(t, err, 450)
		if len(calls) != 7 {
			t.Fatalf("%d attempts", len(calls))
		}
		for i, most := range []time.Duration{1, 2, 4, 8, 10, 10} {
			most *= time.Second
			if pause := calls[i+1].Sub(calls[i]); pause < most/2 || pause > most {
				t.Errorf("pause %d: %v, want %v to %v", i, pause, most/2, most)
			}
		}
	})
}

func TestRetryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := 0
		fails := func(err error) func() error { return func() error { count++; return err } }
		wantCode(t, Retry{}.Do(t.Context(), fails(refusal(550))), 550)
		if count != 1 {
			t.Errorf("a final error was tried %d times", count)
		}
		count = 0
		_ = Retry{}.Do(t.Context(), fails(ErrNetwork))
		if count != DefaultAttempts {
			t.Errorf("%d attempts", count)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		count = 0
		wantError(t, Retry{}.Do(ctx, fails(ErrNetwork)), ErrNetwork)
		if count != 1 {
			t.Errorf("%d attempts after the end of the context", count)
		}
	})
}

// Whoever gets on may go on: only failures in a row count.
func TestRetryGetsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 20
		err := Retry{Attempts: 3}.run(t.Context(), func() (bool, error) {
			if left--; left == 0 {
				return true, nil
			}
			return left%2 == 0, ErrNetwork
		})
		if err != nil || left != 0 {
			t.Errorf("%v, %d left", err, left)
		}
	})
}
