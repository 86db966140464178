package auth

import (
	"fmt"
	"strings"
)

// Account describes what an account may do, whoever keeps it: the trees of its
// sessions are made of it. A zero field means: as the server has it, or no limit.
type Account struct {
	Name     string
	Host     string // one of the names of the virtual host that it belongs to; empty: every one
	Sessions int    // at once
	Data     DataPolicy
	Storage  Storage
}

// Storage is what an account sees of the disk, and what it may do there. A zero
// field means: as the server has it, or no limit.
type Storage struct {
	Dir         string
	Mounts      []Mount
	Rules       []Rule // nil: it may do everything that the fields below let it
	Durability  string // DurabilityFull or DurabilityProcess
	Uploads     string // UploadsAtomic or UploadsDirect
	ReadOnly    bool
	NoOverwrite bool
	HideDots    bool
	Windows     bool // refuse names that Windows cannot hold
	Refuse      []string
	Umask       *uint32
	FileMode    uint32
	DirMode     uint32
	Owner       *Owner
	Groups      []string // of the operating system, that it may give its files to
	QuotaBytes  int64
	QuotaFiles  int64
	RateUp      int64 // bytes per second, all sessions together
	RateDown    int64
	SessionUp   int64 // of each session
	SessionDown int64
}

// The values of Storage.Durability.
const (
	DurabilityFull    = "full"
	DurabilityProcess = "process"
)

// The values of Storage.Uploads.
const (
	UploadsAtomic = "atomic"
	UploadsDirect = "direct"
)

// Mount is another folder in the tree of an account.
type Mount struct {
	At       string `json:"at"` // in the tree
	Dir      string `json:"dir"`
	ReadOnly bool   `json:"read_only,omitzero"`
}

// Owner is whom new files belong to.
type Owner struct {
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
}

// Rule gives rights in a folder of the tree and everything below it, as far as
// there is no rule for a folder further down. Where none holds nothing is allowed.
type Rule struct {
	Folder string `json:"folder"` // from "/", in the tree of the account
	Allow  Rights `json:"allow"`
}

// Rights is a set of what may be done in a folder. Its text has the names below,
// parted by commas, or "all" or "none".
type Rights uint16

// The rights.
const (
	RightList       Rights = 1 << iota // "list": see what is there
	RightDownload                      // "download": read files
	RightUpload                        // "upload": make new files, also by renaming
	RightOverwrite                     // "overwrite": replace files, and write into them
	RightAppend                        // "append": write behind the end of files
	RightDelete                        // "delete": remove files and links
	RightRmdir                         // "rmdir": remove directories
	RightRename                        // "rename": rename files and links
	RightRenameDir                     // "renamedir": rename directories
	RightMkdir                         // "mkdir": make directories
	RightAttributes                    // "attributes": change times and modes
	RightHash                          // "hash": have files hashed
	RightLink                          // "link": make symbolic links

	rightEnd
	RightsAll = rightEnd - 1
)

func rightNames() []string {
	return []string{"list", "download", "upload", "overwrite", "append", "delete", "rmdir", "rename", "renamedir", "mkdir", "attributes", "hash", "link"}
}

// String gives the text of r; bits that are no right are left out.
func (r Rights) String() string {
	if r&RightsAll == RightsAll {
		return "all"
	}
	var names []string
	for i, name := range rightNames() {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ",")
}

// ParseRights reads the text of rights, with or without spaces. The error is for
// whoever wrote it.
func ParseRights(text string) (Rights, error) {
	switch strings.TrimSpace(text) {
	case "all":
		return RightsAll, nil
	case "none":
		return 0, nil
	}
	var r Rights
next:
	for part := range strings.SplitSeq(text, ",") {
		for i, name := range rightNames() {
			if strings.TrimSpace(part) == name {
				r |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("%.20q is not a right; write all, none, or some of %s", part, strings.Join(rightNames(), ","))
	}
	return r, nil
}

// MarshalText gives the text of r.
func (r Rights) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads it, see [ParseRights].
func (r *Rights) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRights(string(text))
	return err
}
