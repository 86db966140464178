package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"time"

	"github.com/sealane/sealane/vfs"
)

// What a Policy and Open take where nothing is said.
const (
	DefaultUmask     fs.FileMode   = 0o022
	DefaultKeepFor   time.Duration = 24 * time.Hour
	DefaultKeepBytes int64         = 16 << 30
)

// Policy says how one account uses a folder. The zero value is the safe one:
// whole files, which outlive a power cut.
type Policy struct {
	// Owner is whose unfinished uploads these are: a name that no other account
	// of the folder has. Views with the same Owner share them.
	Owner string
	// Durability is what Commit, Mkdir, Remove, Rmdir, Rename and Symlink
	// promise: DurableFull (also for the zero value), or DurableProcess, which
	// never syncs.
	Durability vfs.Durability
	// Direct has uploads written in their place (vfs.Caps.InPlace).
	Direct bool
	// FileMode and DirMode are the permissions of new files and directories, less
	// Umask, where an upload asks for no others. Zero means 0666 and 0777. Bits beyond 0777 are an error.
	FileMode, DirMode fs.FileMode
	// Umask is taken from both; nil means DefaultUmask.
	Umask *fs.FileMode
	// UID and GID are whom new files and directories belong to; nil: as the
	// system has it. The process needs the privilege to give them away.
	UID, GID *uint32
	// Groups lists the groups, by name or number, that SetAttr may give to files.
	// The process must be in them, or privileged.
	Groups []string
	// KeepBytes bounds what is kept of the owner's uploads that broke off; the
	// oldest go first, and one that is larger is not kept. 0 means
	// DefaultKeepBytes, and less than 0 that none are kept.
	KeepBytes int64
}

// An Option changes how a folder is opened.
type Option func(*settings)

type settings struct {
	policy  Policy
	keepFor time.Duration
	now     func() time.Time
	calls   calls
	method  func(top *dir) method
}

// With sets the policy of the FS that Open returns.
func With(p Policy) Option { return func(s *settings) { s.policy = p } }

// KeepFor sets how long an upload that broke off is kept, for all accounts of
// the folder, from when its last bytes came; the default is DefaultKeepFor.
func KeepFor(d time.Duration) Option { return func(s *settings) { s.keepFor = d } }

// SetKeepFor changes what KeepFor has set, for all views of the folder.
func (f *FS) SetKeepFor(d time.Duration) { f.folder.keepFor.Store(int64(d)) }

// rules are a Policy with every default filled in.
type rules struct {
	Policy
	owner            string // the hash of Owner
	full             bool
	fileMode, dirMod fs.FileMode
	umask            fs.FileMode
	uid, gid         int // -1: left as it is
	groups           map[string]int
}

func (p Policy) rules() (rules, error) {
	r := rules{Policy: p, owner: ownerHash(p.Owner), uid: -1, gid: -1}
	switch p.Durability {
	case vfs.DurableNone, vfs.DurableFull:
		r.full = true
	case vfs.DurableProcess:
	default:
		return r, fmt.Errorf("osfs: there is no durability %d", p.Durability)
	}
	mask := DefaultUmask
	if p.Umask != nil {
		mask = *p.Umask
	}
	r.fileMode, r.dirMod = p.FileMode, p.DirMode
	if r.fileMode == 0 {
		r.fileMode = 0o666
	}
	if r.dirMod == 0 {
		r.dirMod = 0o777
	}
	for _, m := range []fs.FileMode{mask, r.fileMode, r.dirMod} {
		if m&^fs.ModePerm != 0 {
			return r, fmt.Errorf("osfs: mode %v has more than the bits of 0777, which new files never get", m)
		}
	}
	r.umask = mask
	r.fileMode &^= mask
	r.dirMod &^= mask
	if p.UID != nil {
		r.uid = int(*p.UID)
	}
	if p.GID != nil {
		r.gid = int(*p.GID)
	}
	if r.KeepBytes == 0 {
		r.KeepBytes = DefaultKeepBytes
	}
	var err error
	r.groups, err = groupNumbers(p.Groups)
	return r, err
}

// groupNumbers finds the number of each group; each can then be named by its
// name and by its number.
func groupNumbers(names []string) (map[string]int, error) {
	numbers := map[string]int{}
	for _, name := range names {
		g, err := user.LookupGroup(name)
		if err != nil {
			g, err = user.LookupGroupId(name)
		}
		var unknown user.UnknownGroupIdError
		if errors.As(err, &unknown) {
			g, err = &user.Group{Gid: name, Name: name}, nil // a number is enough
		}
		if err != nil {
			return nil, fmt.Errorf("osfs: there is no group %q on this machine; name another", name)
		}
		n, err := strconv.ParseUint(g.Gid, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("osfs: there is no group %q on this machine; name another", name)
		}
		numbers[g.Name], numbers[g.Gid] = int(n), int(n)
	}
	return numbers, nil
}
