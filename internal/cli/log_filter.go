package cli

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/trail"
)

// logFilter chooses lines. What is not set lets all through.
type logFilter struct {
	accounts, kinds, verdicts, sessions []string
	path, address, since, until         string

	network  netip.Prefix
	from, to time.Time
}

func (f *logFilter) flags(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringArrayVar(&f.accounts, "account", nil, "only of this account, or for logins that failed of this user `NAME`; repeatable")
	s.StringVar(&f.path, "path", "", "only about this `PATH` and what is below it")
	s.StringVar(&f.address, "address", "", "only from this `IP|NETWORK`")
	s.StringArrayVar(&f.verdicts, "verdict", nil, "only with this verdict: `ok|failed|aborted|refused`; repeatable")
	s.StringArrayVar(&f.kinds, "kind", nil, "only of this `KIND`, such as login, transfer, change; repeatable")
	s.StringArrayVar(&f.sessions, "session", nil, "only of the session with this `ID`; repeatable")
	s.StringVar(&f.since, "since", "", "only from this `TIME` on: 2026-01-31, 2026-01-31T12:00:00Z, or 2h for two hours ago")
	s.StringVar(&f.until, "until", "", "only before this `TIME`")
}

// prepare reads what the flags hold.
func (f *logFilter) prepare(now time.Time) (err error) {
	for _, v := range f.verdicts {
		if !slices.Contains([]string{"ok", "failed", "aborted", "refused"}, v) {
			return withHint(usagef("there is no verdict %q", v), "one of ok, failed, aborted, refused")
		}
	}
	for _, k := range f.kinds {
		var known []string
		for _, row := range trail.Kinds() {
			known = append(known, row[0])
		}
		if !slices.Contains(known, k) {
			return withHint(usagef("there is no kind %q", k), "one of %s", strings.Join(known, ", "))
		}
	}
	if f.address != "" {
		if f.network, err = parseNetwork(f.address); err != nil {
			return err
		}
	}
	if f.path != "" && f.path[0] != '/' {
		return withHint(usagef("--path %q is no path in the tree of an account", f.path), "begin it with /")
	}
	if f.from, err = parseWhen("--since", f.since, now); err != nil {
		return err
	}
	if f.to, err = parseWhen("--until", f.until, now); err != nil {
		return err
	}
	if !f.from.IsZero() && !f.to.IsZero() && !f.from.Before(f.to) {
		return withHint(usagef("--until is not after --since"), "write the earlier time behind --since; 2h is earlier than 1h")
	}
	return nil
}

// parseWhen reads a time, in UTC where it does not say otherwise, or how long ago it was.
func parseWhen(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return t, nil
		}
	}
	return time.Time{}, withHint(usagef("%s %q is no time", flag, s), "write 2026-01-31, 2026-01-31T12:00:00Z, or 2h for two hours ago")
}

// takes reports whether a line gets through.
func (f *logFilter) takes(e *trail.Event) bool {
	among := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	switch {
	case !among(f.kinds, string(e.Kind)), !among(f.verdicts, e.Verdict), !among(f.sessions, e.Session):
		return false
	case !among(f.accounts, e.Account) && (e.Account != "" || !among(f.accounts, e.User)):
		return false
	case f.path != "" && !below(f.path, e.Path) && !below(f.path, e.To):
		return false
	case !f.from.IsZero() && e.Time.Before(f.from), !f.to.IsZero() && !e.Time.Before(f.to):
		return false
	}
	if f.network.IsValid() {
		addr, err := netip.ParseAddr(e.Address)
		return err == nil && f.network.Contains(addr)
	}
	return true
}

// below reports whether a path is top, or below it.
func below(top, path string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(top, "/"))
	return ok && path != "" && (rest == "" || rest[0] == '/')
}

// wasOf is how people write whose line it is.
func wasOf(e *trail.Event) string {
	if e.Account == "" && e.User != "" {
		return fmt.Sprintf("(%s)", e.User)
	}
	return e.Account
}
