package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/trail"
	"github.com/sealane/sealane/internal/ui"
)

// trailFindings is the error of a trail that is not what was written.
type trailFindings struct{ n int }

func (e trailFindings) Error() string {
	return "the trail is not what was written: " + ui.Counted(e.n, "finding")
}

// Is gives it the exit code of checks that found something.
func (e trailFindings) Is(target error) bool { return target == errFindings }

func newLogVerifyCommand(env *Env) *cobra.Command {
	l := &logCommand{env: env}
	var head, key string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the trail is what the server wrote",
		Long: `Read the whole trail and name every line that was changed, removed, added or moved since
it was written: each line holds the SHA-256 of the one before, and some are signed.

Who can write to the state folder can also take the key, and write another trail with
it. So keep elsewhere what "sealane log key" and "sealane log verify" print, and give it
with --key and --head: lines up to that head are then proven.

Exit codes: 0 all is as it was written, 8 it is not.`,
		Example: "  sealane log verify --head 4711:5c1e...",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var want trail.Expect
			if key != "" {
				k, err := trail.ParseKey(key)
				if err != nil {
					return withHint(usageError{err}, "sealane log key prints it")
				}
				want.Key = k
			}
			if head != "" {
				h, err := trail.ParseHead(head)
				if err != nil {
					return withHint(usagef("--head %w", err), "sealane log verify prints it")
				}
				want.Heads = append(want.Heads, h)
			}
			dir, _, err := l.files()
			if dir != "" && isThere(dir, "head") {
				err = nil // the lines may have been taken away
			}
			if err != nil {
				return err
			}
			r, err := trail.Verify(cmd.Context(), dir, want)
			if key == "" && errors.Is(err, fs.ErrNotExist) && !isThere(dir, "key.pem") {
				r, err = &trail.Report{Findings: []trail.Finding{{File: "key.pem", What: "the file is missing: give the key with --key, as sealane log key has printed it"}}}, nil
			}
			if err != nil {
				return aboutTrail(dir, err)
			}
			return l.verified(r, asJSON)
		},
	}
	l.flags(cmd)
	cmd.Flags().StringVar(&head, "head", "", "a line that must be in it: `SEQ:SHA256`, as an earlier verify printed it")
	cmd.Flags().StringVar(&key, "key", "", "the public `KEY` that has signed, as log key printed it (default: that of the folder)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// isThere reports whether a trail has one of its files.
func isThere(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// verifiedJSON is the JSON of a verification.
type verifiedJSON struct {
	OK          bool          `json:"ok"`
	Files       int           `json:"files"`
	Lines       uint64        `json:"lines"`
	First       uint64        `json:"first"`
	Last        uint64        `json:"last"`
	From        time.Time     `json:"from"`
	To          time.Time     `json:"to"`
	Checkpoints int           `json:"checkpoints"`
	Unsigned    uint64        `json:"unsigned"` // lines behind the last checkpoint
	Lost        int64         `json:"lost"`     // events that the trail itself says were lost
	Head        string        `json:"head"`
	Findings    []findingJSON `json:"findings"`
	More        int           `json:"more"` // findings beyond those
}

type findingJSON struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Seq  uint64 `json:"seq,omitempty"`
	What string `json:"what"`
}

func (l *logCommand) verified(r *trail.Report, asJSON bool) error {
	var err error
	if asJSON {
		out := verifiedJSON{
			len(r.Findings) == 0, r.Files, r.Lines, r.First, r.Last, r.From, r.To, r.Checkpoints, r.Unsigned, r.Losses, r.Head.String(), []findingJSON{}, r.More,
		}
		for _, f := range r.Findings {
			out.Findings = append(out.Findings, findingJSON(f))
		}
		err = ui.WriteJSON(l.env.Stdout, out)
	} else {
		err = l.tellVerified(r)
	}
	if n := len(r.Findings) + r.More; err == nil && n > 0 {
		return withHint(trailFindings{n}, "keep a copy of the folder as it is; lines before the first finding are proven")
	}
	return err
}

func (l *logCommand) tellVerified(r *trail.Report) error {
	say := func(format string, args ...any) error {
		_, err := fmt.Fprintf(l.env.Stdout, format+"\n", args...)
		return err
	}
	for _, f := range r.Findings {
		at := f.File
		if f.Line > 0 && f.File != "" {
			at += fmt.Sprintf(":%d", f.Line)
		}
		if f.Seq > 0 {
			at = strings.TrimSpace(fmt.Sprintf("%s (number %d)", at, f.Seq))
		}
		if at != "" {
			at += ": "
		}
		if err := say("%s%s", ui.Safe(at), ui.Safe(f.What)); err != nil {
			return err
		}
	}
	if r.More > 0 {
		if err := say("and %s", ui.Counted(r.More, "more finding")); err != nil {
			return err
		}
	}
	if r.Lines == 0 {
		return nil
	}
	if len(r.Findings) == 0 {
		if err := say("verified: %s in %s, all as they were written", ui.Counted(r.Lines, "line"), ui.Counted(r.Files, "file")); err != nil {
			return err
		}
	}
	if err := say("lines     %d to %d, from %s to %s UTC", r.First, r.Last, r.From.UTC().Format(time.DateTime), r.To.UTC().Format(time.DateTime)); err != nil {
		return err
	}
	if err := say("signed    %s; %s came after the last time", ui.Counted(r.Checkpoints, "time"), ui.Counted(r.Unsigned, "line")); err != nil {
		return err
	}
	if r.Losses > 0 {
		if err := say("lost      %s, as the trail says itself", ui.Counted(r.Losses, "event")); err != nil {
			return err
		}
	}
	return say("head      %s", r.Head)
}
