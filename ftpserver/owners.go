package ftpserver

import (
	"os/user"
	"strconv"
	"strings"
	"sync"

	"github.com/sealane/sealane/internal/listing"
)

// Bounds of what is remembered of users, and as much of groups.
const (
	maxOwners    = 4096
	maxOwnerName = 64 // bytes
)

// owners gives users and groups of the machine their names, for clients that ask for
// UNIX.owner or UNIX.group. Each is looked up once. Numbers that have no name, or none
// that is fit for a fact, stay numbers.
type owners struct {
	mu            sync.Mutex
	users, groups map[uint32]string
}

// User implements listing.Owners.
func (o *owners) User(uid uint32) string {
	return o.name(&o.users, uid, func(id string) (string, error) {
		u, err := user.LookupId(id)
		if err != nil {
			return "", err
		}
		return u.Username, nil
	})
}

// Group implements listing.Owners.
func (o *owners) Group(gid uint32) string {
	return o.name(&o.groups, gid, func(id string) (string, error) {
		g, err := user.LookupGroupId(id)
		if err != nil {
			return "", err
		}
		return g.Name, nil
	})
}

// name asks the system without the lock: a directory service may be slow.
func (o *owners) name(known *map[uint32]string, id uint32, lookup func(string) (string, error)) string {
	o.mu.Lock()
	name, ok := (*known)[id]
	o.mu.Unlock()
	if ok {
		return name
	}
	number := strconv.FormatUint(uint64(id), 10)
	name, err := lookup(number)
	if err != nil || !isFactValue(name) {
		name = number
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if *known == nil || len(*known) >= maxOwners {
		*known = make(map[uint32]string)
	}
	(*known)[id] = name
	return name
}

// isFactValue reports whether a name can be the value of a fact (RFC 3659 §7.2: 1*RCHAR).
func isFactValue(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && !strings.ContainsRune(`,.:!@#$%^&()-_+?/\'"`, rune(c)) {
			return false
		}
	}
	return s != "" && len(s) <= maxOwnerName
}

// ownersForPeers is what UNIX.owner and UNIX.group tell: names of the machine's users are
// nobody's business unless the operator says so.
func (s *Server) ownersForPeers() listing.Owners {
	if s.OwnerNames {
		return &s.owners
	}
	return numbers{}
}

// numbers gives users and groups their numbers in place of names.
type numbers struct{}

// User implements listing.Owners.
func (numbers) User(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }

// Group implements listing.Owners.
func (numbers) Group(gid uint32) string { return strconv.FormatUint(uint64(gid), 10) }
