package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/sealane/sealane/vfs"
)

// The errors of this package. They come wrapped, with the path where it is of one.
var (
	// ErrLimit: MaxDepth, MaxEntries or MaxMemory; nothing of that directory is done.
	ErrLimit = errors.New("too deep, or too many entries in one directory")
	// ErrLoop: by vfs.Entry.Unique, a directory is one of those above it.
	ErrLoop = errors.New("a directory that holds itself")
	// ErrRefused: by Options.Check, or because no vfs.Path can hold the name.
	ErrRefused = errors.New("name refused")
	// ErrTwice: see Options.FoldCase and ExactForm. Of the source, the second is left out.
	ErrTwice = errors.New("a name comes twice, or two names are one on the target")
	// ErrEmptySource: the source's root lists nothing, and Options.Delete is set.
	ErrEmptySource = errors.New("the source is empty, so nothing is deleted")
	// ErrTooMany: MaxDelete or MaxDeleteShare.
	ErrTooMany = errors.New("more deletions than allowed, so nothing is deleted")
	// ErrPattern: one of Include or Exclude.
	ErrPattern = errors.New("not a pattern")
)

// The defaults of Options.
const (
	DefaultMaxDelete      = 1000            // files and directories
	DefaultMaxDeleteShare = 0.5             // half of the target's files
	DefaultTolerance      = 2 * time.Second // FAT keeps times to two seconds
	DefaultMaxDepth       = 64              // directories below each other
	DefaultMaxEntries     = 1_000_000       // of one directory
	DefaultMaxMemory      = 32 << 20        // bytes
)

// fewDeletes is up to how many deletions MaxDeleteShare does not count.
const fewDeletes = 20

// Options says how trees are compared and what may be done. Plan and Apply of one run
// take the same. The zero value copies what is new or changed, one file at a time.
type Options struct {
	// Delete removes from the target what the source has not.
	Delete bool
	// MaxDelete bounds deletions; 0 means DefaultMaxDelete. With more, none is done.
	MaxDelete int
	// MaxDeleteShare bounds deletions to a part of the target's files, once they are
	// more than 20; 0 means DefaultMaxDeleteShare, and 1 or more no such bound.
	MaxDeleteShare float64
	// Replace lets a file take the place of a directory, if Delete allows for what is
	// in it, and a directory that of a file. Without it both are Conflicts.
	Replace bool

	// Include and Exclude are patterns (doublestar: "**/*.tmp", "cache/**", "{a,b}/c") of
	// paths below the root, without leading slash. A file is taken if any of Include, or
	// none is given, and none of Exclude matches it. What is not taken is neither copied
	// nor deleted. A directory that Exclude matches is not entered; with Include,
	// directories are made as files need them and only deleted if it matches them.
	Include, Exclude []string

	// Tolerance is by how much times may differ and count as equal; 0 means
	// DefaultTolerance.
	Tolerance time.Duration
	// Precision is the unit of the times in the coarser one of the listings, if that is
	// more than Tolerance. From a minute on, a time of midnight stands for its whole
	// day: such listings show no more of old files.
	Precision time.Duration
	// FromSkew and ToSkew are by how much the times in the listings of source and target
	// are ahead of those that they mean, as those of a server are which shows them
	// in its own zone. Times are set as they are meant.
	FromSkew, ToSkew time.Duration
	// ZoneUnknown says that a server shows times in a zone that nobody knows: then a
	// difference of one whole hour, as summer time makes it, counts as none.
	ZoneUnknown bool
	// ByHash compares contents where sizes are equal. Where either side has no hash,
	// times are compared, and Reason says so; with StrictHash that is an error.
	ByHash, StrictHash bool

	// FoldCase says that the target does not tell upper from lower case.
	FoldCase bool
	// ExactForm says that the target tells names apart that differ in nothing but their
	// form of Unicode, as Linux does and macOS does not. Without it they are one name.
	ExactForm bool
	// Check refuses names that the target must not see; nil refuses none.
	Check func(name string) error

	// MaxDepth and MaxEntries (of one directory) bound the walk, MaxMemory the bytes of
	// what is known of the directories under way. 0 means their defaults.
	MaxDepth, MaxEntries int
	MaxMemory            int64

	// Modes gives new files the permissions of the source's, less the umask of the
	// target, if that has such (Caps.SetMode). A server takes a command for each.
	Modes bool

	// DryRun has Apply do nothing but count, and judge by the bounds of deletions.
	DryRun bool
	// Parallel is how many files are copied at the same time; 0 means 1. With more than
	// one, large files leave room for small ones.
	Parallel int
	// BytesPerSecond bounds all copies together; 0 means no bound.
	BytesPerSecond int64
	// Retry calls do, again if its error may be temporary, and returns its last one;
	// nil calls it once. It is called by several goroutines.
	Retry func(ctx context.Context, do func() error) error

	// Progress is told of every step that is done, or failed; not of two at once.
	Progress func(Step, error)
	// Begin is told of each attempt to copy a file, and how many bytes the target has of
	// it already; Moved of n more. Both are called by several goroutines.
	Begin func(s Step, offset int64)
	Moved func(s Step, n int64)
}

// Valid finds mistakes in o, as Plan does before anything else.
func (o Options) Valid() error {
	for _, list := range [][]string{o.Include, o.Exclude} {
		for _, p := range list {
			if !doublestar.ValidatePattern(p) {
				return fmt.Errorf("%q: %w", p, ErrPattern)
			}
		}
	}
	return nil
}

// retry calls do as Retry says.
func (o Options) retry(ctx context.Context, do func() error) error {
	if o.Retry == nil {
		return do()
	}
	return o.Retry(ctx, do)
}

// excluded reports whether Exclude matches p.
func (o Options) excluded(p vfs.Path) bool { return matches(o.Exclude, p) }

// included reports whether Include matches p, or would match anything.
func (o Options) included(p vfs.Path) bool { return len(o.Include) == 0 || matches(o.Include, p) }

func matches(patterns []string, p vfs.Path) bool {
	for _, pattern := range patterns {
		if doublestar.MatchUnvalidated(pattern, p.Rel()) {
			return true
		}
	}
	return false
}

func or[T comparable](v, zero T) T {
	var none T
	if v == none {
		return zero
	}
	return v
}
