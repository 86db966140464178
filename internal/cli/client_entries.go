package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// maxHeld bounds what is known at a time of the entries of a server, in bytes: some
// 300,000 entries. With softLimit it keeps the program below 64 MiB, whatever a server
// lists.
const maxHeld = 32 << 20

// softLimit is what the memory of Go shall be at most in a client command, in bytes: where
// that is near, garbage is collected sooner. The rest of the 64 MiB is code.
const softLimit = 48 << 20

// Beyond freeTransfers at a time, each has so much on top of softLimit: its buffers, also
// those of its hash, at twice their size, so that they do not keep the collector busy.
const (
	freeTransfers  = 8
	transferMemory = 3 << 20
)

// entrySize is what an entry takes at most besides its names: 64 bytes itself, in a list
// that grows 18, and what names are rounded up by.
const entrySize = 64 + 18 + 16

// entry is what is kept of an entry that a server lists: less than half of a vfs.Entry.
type entry struct {
	name   string
	unique string // of folders
	size   int64
	micros int64 // noTime: not known
	kind   vfs.Kind
	link   bool
}

const noTime = math.MinInt64

func keptEntry(e vfs.Entry) *entry {
	k := &entry{name: e.Name, size: e.Size, micros: noTime, kind: e.Kind, link: e.Link}
	if !e.ModTime.IsZero() {
		k.micros = e.ModTime.UnixMicro()
	}
	if e.IsDir() {
		k.unique = e.Unique
	}
	return k
}

// full is the entry as others take it.
func (e *entry) full() vfs.Entry {
	full := vfs.Entry{Name: e.name, Unique: e.unique, Size: e.size, Kind: e.kind, Link: e.link}
	if e.micros != noTime {
		full.ModTime = time.UnixMicro(e.micros).UTC()
	}
	return full
}

// isFolder is false for links: they are not followed.
func (e *entry) isFolder() bool { return e.kind == vfs.KindDir && !e.link }

func (e *entry) bytes() int64 { return int64(entrySize + len(e.name) + len(e.unique)) }

// held counts what is known at a time.
type held int64

var errHeld = fmt.Errorf("what the server lists takes more than %d MiB of memory", maxHeld>>20)

func (h *held) take(bytes int64) error {
	if *h += held(bytes); *h > maxHeld {
		return errHeld
	}
	return nil
}

// release counts entries that are no longer kept.
func (h *held) release(entries []*entry) {
	for _, e := range entries {
		*h -= held(e.bytes())
	}
}

func sortEntries(entries []*entry) {
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.name, b.name) })
}
