package trail

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// place is where a line stands.
type place struct {
	file string
	line int
	seq  uint64
}

// gap is lines that were not found where they should be.
type gap struct {
	from, to uint64
	finding  int
}

// verifier goes through the lines once.
type verifier struct {
	r     *Report
	files int // of the folder
	key   ed25519.PublicKey
	heads []Head

	at      place // of the last line that could be read and stands in order
	sum     Sum   // its SHA-256
	time    time.Time
	begun   bool
	damaged int  // finding of unreadable lines right before; 0: none
	blamed  bool // the last line is reported already
	doubt   int  // finding that blames the line before the last one; 0: none
	gaps    []gap
	seen    map[uint64]bool // which of heads
	removed map[uint64]bool // last numbers of files that were deleted by the server
	signed  uint64
	begins  place
	origin  bool // it begins with the first line of all
}

// find reports something, and gives the number of the report, 0 if there are too many.
func (v *verifier) find(p place, format string, args ...any) int {
	if len(v.r.Findings) >= maxFindings {
		v.r.More++
		return 0
	}
	v.r.Findings = append(v.r.Findings, Finding{p.file, p.line, p.seq, fmt.Sprintf(format, args...)})
	return len(v.r.Findings)
}

// move gives a finding another place.
func (v *verifier) move(finding int, p place) {
	if finding > 0 {
		f := &v.r.Findings[finding-1]
		f.File, f.Line, f.Seq = p.file, p.line, p.seq
	}
}

func (v *verifier) file(ctx context.Context, f File) (there bool, err error) {
	r, err := f.Open()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		v.damaged = v.find(place{file: f.Name}, "the file cannot be read: %v", err)
		return true, nil
	}
	defer r.Close()
	return true, v.lines(ctx, f, r)
}

// lines goes through the lines of a file.
func (v *verifier) lines(ctx context.Context, f File, r io.Reader) error {
	v.r.Files++
	lines := NewLines(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := lines.Next()
		here := place{file: f.Name, line: lines.Number()}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errCut) && f.Active:
			v.r.Unfinished = len(raw)
		case errors.Is(err, errLong), errors.Is(err, errCut):
			v.unreadable(here, err)
		case err != nil:
			here.line++
			v.damaged = v.find(here, "the file is damaged from here on: %v", err)
			return nil
		default:
			v.line(here, raw, f)
		}
	}
}

func (v *verifier) unreadable(here place, err error) {
	if v.damaged == 0 {
		if v.begun {
			here.seq = v.at.seq + 1
		}
		v.damaged = v.find(here, "the line is damaged: %v", err)
	}
}

// line judges one line. Of two neighbours that do not fit each other the one is to blame
// that does not fit its other neighbour either, which is known a line later.
func (v *verifier) line(here place, raw []byte, f File) {
	l, err := ParseLine(raw)
	if err != nil {
		v.unreadable(here, err)
		return
	}
	here.seq = l.Seq
	sum := sumOf(raw)
	v.r.Lines++
	inOrder, blamed := true, false
	switch {
	case !v.begun:
		blamed = v.first(&here, &l)
	case l.Seq == v.at.seq+1 && v.damaged == 0 && !v.blamed:
		v.link(here, l.Prev)
	case l.Seq == v.at.seq+1: // one fault is not reported twice
		v.doubt = 0
	case l.Prev == v.sum && v.damaged == 0:
		here.seq, blamed, v.doubt = v.at.seq+1, true, 0
		v.find(here, "the line was changed: its number is %d", l.Seq)
	case v.damaged > 0 && l.Seq > v.at.seq:
		if l.Seq-v.at.seq > 2 {
			v.r.Findings[v.damaged-1].What += fmt.Sprintf("; lines %d to %d cannot be read", v.at.seq+1, l.Seq-1)
		}
		v.doubt = 0
	default:
		inOrder, v.doubt = v.misplaced(here, l.Seq), 0
	}
	if f.First > 0 && here.line == 1 && here.seq != f.First {
		v.find(here, "the name of the file says that it begins with line %d", f.First)
	}
	if inOrder {
		v.damaged, v.blamed = 0, blamed
		v.begun, v.at, v.sum, v.time = true, here, sum, l.Event.Time
	}
	v.note(here, &l, sum)
}

// first is for the first line there is.
func (v *verifier) first(here *place, l *Line) (blamed bool) {
	if (l.Prev == Sum{}) != (l.Seq == 1) {
		here.seq, blamed = 1, true
		v.find(*here, "the line was changed: it is the first one by its number or by the line that it names, and not by both")
	}
	v.begins, v.origin = *here, here.seq == 1
	v.r.First, v.r.From = here.seq, l.Event.Time
	return blamed
}

// link holds a line against the one before.
func (v *verifier) link(here place, prev Sum) {
	switch {
	case prev == v.sum:
		v.doubt = 0
	case v.doubt > 0: // the line before fits neither of its neighbours
		v.move(v.doubt, v.at)
		v.doubt = 0
	default:
		v.doubt = v.find(v.at, "the line was changed: the one after it names another")
	}
}

// misplaced is for a line whose number does not follow, and reports whether it counts as
// the last one.
func (v *verifier) misplaced(here place, seq uint64) (inOrder bool) {
	if from, to := v.at.seq+1, seq-1; seq > v.at.seq {
		p := here
		p.seq = from
		v.gaps = append(v.gaps, gap{from, to, v.find(p, "%s missing before this place", lineRange(from, to))})
		return true
	}
	for i, g := range v.gaps {
		if g.from != seq || g.to != seq {
			continue
		}
		if g.finding > 0 {
			v.r.Findings[g.finding-1].What = fmt.Sprintf("lines are not in their order: line %d stands behind line %d", seq, v.at.seq)
		}
		v.gaps = slices.Delete(v.gaps, i, i+1)
		return false
	}
	v.find(here, "lines are not in their order: line %d stands behind line %d", seq, v.at.seq)
	return false
}

// note takes from a line what is needed at the end.
func (v *verifier) note(here place, l *Line, sum Sum) {
	e := &l.Event
	switch e.Kind {
	case Checkpoint:
		switch {
		case checkSignature(v.key, checkpointText(l.Seq, l.Prev, e.Time), e.Signature):
			v.r.Checkpoints++
			v.signed = l.Seq
		case e.Key != KeyID(v.key):
			v.find(here, "the checkpoint was signed with another key (%.40q)", e.Key)
		default:
			v.find(here, "the signature of the checkpoint is not right")
		}
	case Recovered:
		switch {
		case e.Missing > 0:
			v.find(here, "when the server started, lines that it had written were missing before this one (%d): after a power cut, or since somebody removed them", e.Missing)
		case e.Error != "":
			v.find(here, "when the server started, lines could be missing before this one: %.80s", e.Error)
		}
	case Lost:
		if e.Sink == "file" {
			v.r.Losses += e.Lost
		}
	case Removed:
		if v.removed == nil {
			v.removed = map[uint64]bool{}
		}
		v.removed[uint64(e.Last)] = true
	}
	for _, h := range v.heads {
		if h.Seq == l.Seq {
			if v.seen == nil {
				v.seen = map[uint64]bool{}
			}
			switch v.seen[h.Seq] = true; {
			case h.Sum == sum:
				v.r.Vouched = true
			case v.doubt > 0: // it does not fit the line before either
				v.move(v.doubt, here)
			case !v.blamed:
				v.doubt = v.find(here, "the line was changed: it is known to be another")
				v.blamed = true
			}
		}
	}
}

// finish judges the whole.
func (v *verifier) finish(headErr error) {
	r := v.r
	r.Last, r.To, r.Head = v.at.seq, v.time, Head{v.at.seq, v.sum}
	r.Unsigned = v.at.seq - min(v.at.seq, v.signed)
	end := v.at
	end.line++
	switch {
	case errors.Is(headErr, fs.ErrNotExist) && (r.Lines > 0 || v.files > 0):
		v.find(place{file: headFile}, "the file is missing: lines at the end of the trail could be missing, too")
	case headErr != nil && !errors.Is(headErr, fs.ErrNotExist):
		v.find(place{file: headFile}, "the file is damaged or was signed with another key: %v", headErr)
	}
	if r.Lines == 0 && len(v.heads) == 0 && headErr != nil {
		v.find(place{}, "there is not one line")
	}
	for _, h := range v.heads {
		switch {
		case v.seen[h.Seq]:
		case h.Seq > v.at.seq:
			end.seq = v.at.seq + 1
			v.find(end, "the end is cut off: %s missing behind this place, of which the last is known", lineRange(v.at.seq+1, h.Seq))
		case h.Seq >= r.First:
			v.find(place{seq: h.Seq}, "line %d is known, and is not there", h.Seq)
		}
	}
	if r.Lines > 0 && !v.origin && r.First > 1 && !v.removed[r.First-1] {
		v.find(v.begins, "%s missing before the first one, and no line says that the server deleted them", lineRange(1, r.First-1))
	}
}

func lineRange(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("line %d is", from)
	}
	return fmt.Sprintf("lines %d to %d are", from, to)
}
