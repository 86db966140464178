package mirror

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sealane/sealane/vfs"
)

// Action is what a Step does.
type Action string

// The actions.
const (
	Copy     Action = "copy"
	Update   Action = "update"
	Mkdir    Action = "mkdir"
	Replace  Action = "replace" // what is of another kind
	Delete   Action = "delete"
	Conflict Action = "conflict" // nothing is done, and something should be
	Skip     Action = "skip"     // nothing is to be done
)

// Step is one thing to do. From and To describe the entry in each tree by Name, Kind,
// Link, Size and ModTime; they are zero where it is not.
type Step struct {
	Action Action
	Path   vfs.Path // in the source
	// ToPath is Path, but for names that the target spells in another way (see
	// Options.FoldCase and ExactForm).
	ToPath   vfs.Path
	From, To vfs.Entry
	Reason   string

	// same: a file that need not be copied.
	same bool
	// careful: the target may take the name for that of another file of this run.
	careful bool
	// apart: the target may take this for the name of what the source has, and then
	// nothing at it or below may be deleted.
	apart *vfs.Path
	// clears says that a file shall be here, so that only it may be in the source.
	clears *vfs.Path
}

// String describes the step in one line, with the names quoted.
func (s Step) String() string {
	text := fmt.Sprintf("%s %s", s.Action, strconv.Quote(s.Path.String()))
	if s.ToPath != s.Path {
		text += " as " + strconv.Quote(s.ToPath.String())
	}
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

// Equal reports whether a file is skipped because the target has it already.
func (s Step) Equal() bool { return s.same }

// moves is how many bytes the step will move.
func (s Step) moves() int64 {
	switch s.Action {
	case Copy, Update, Replace:
		return s.From.Size
	}
	return 0
}

// entry is what the step is about: in the source, if it is there.
func (s Step) entry() vfs.Entry {
	if s.From.Name != "" {
		return s.From
	}
	return s.To
}

// MarshalJSON gives action, path, kind, reason, and of files size and time. A path
// that is not UTF-8 comes as path_base64 too.
func (s Step) MarshalJSON() ([]byte, error) {
	e := s.entry()
	out := struct {
		Action   Action     `json:"action"`
		Path     string     `json:"path"`
		PathRaw  []byte     `json:"path_base64,omitempty"`
		ToPath   string     `json:"to_path,omitempty"`
		Kind     string     `json:"kind"`
		Size     *int64     `json:"size,omitempty"`
		Modified *time.Time `json:"modified,omitempty"`
		Reason   string     `json:"reason,omitempty"`
	}{Action: s.Action, Path: s.Path.String(), Kind: kindName(e), Reason: s.Reason}
	if !utf8.ValidString(out.Path) {
		out.PathRaw = []byte(out.Path)
	}
	if s.ToPath != s.Path {
		out.ToPath = s.ToPath.String()
	}
	if e.Kind == vfs.KindFile && !e.Link {
		out.Size = &e.Size
		if !e.ModTime.IsZero() {
			utc := e.ModTime.UTC()
			out.Modified = &utc
		}
	}
	return json.Marshal(out)
}

func kindName(e vfs.Entry) string {
	switch {
	case e.Link:
		return "link"
	case e.Kind == vfs.KindFile:
		return "file"
	case e.Kind == vfs.KindDir:
		return "dir"
	}
	return "other"
}
