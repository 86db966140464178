package listing

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// Owners gives users and groups of the machine their names. What it gives must be fit
// for a fact: no spaces, semicolons or control characters.
type Owners interface {
	User(uid uint32) string
	Group(gid uint32) string
}

// AppendMLSx appends the facts of e that are in set, one space, and name (RFC
// 3659 §7.2), without a line end. The name is given apart from e, because MLST
// shows a full path. owners may be nil if neither UNIX.owner nor UNIX.group is in
// set.
func AppendMLSx(b []byte, e vfs.Entry, name string, set ftp.FactSet, owners Owners) []byte {
	if set.Has(ftp.FactType) {
		b = append(append(append(b, "type="...), typeFact(e.Kind)...), ';')
	}
	if set.Has(ftp.FactSize) && e.Kind == vfs.KindFile {
		b = append(strconv.AppendInt(append(b, "size="...), e.Size, 10), ';')
	}
	if set.Has(ftp.FactModify) && !e.ModTime.IsZero() {
		b = append(appendStamp(append(b, "modify="...), e.ModTime), ';')
	}
	if set.Has(ftp.FactPerm) {
		b = append(appendPerm(append(b, "perm="...), e.Rights), ';')
	}
	if set.Has(ftp.FactUnique) && e.Unique != "" {
		b = append(append(append(b, "unique="...), e.Unique...), ';')
	}
	if set.Has(ftp.FactUnixMode) {
		b = append(strconv.AppendUint(append(b, "UNIX.mode=0"...), uint64(e.Mode.Perm()), 8), ';')
	}
	if set&moreFacts != 0 {
		b = appendMore(b, e, set, owners)
	}
	b = append(b, ' ')
	return append(b, name...)
}

var moreFacts = ftp.MakeFactSet(ftp.FactCreate, ftp.FactUnixUID, ftp.FactUnixGID, ftp.FactUnixOwner, ftp.FactUnixGroup)

// appendMore appends the facts that nobody gets who has not asked for them.
func appendMore(b []byte, e vfs.Entry, set ftp.FactSet, owners Owners) []byte {
	if set.Has(ftp.FactCreate) && !e.Created.IsZero() {
		b = append(appendStamp(append(b, "create="...), e.Created), ';')
	}
	if !e.Owner.Known {
		return b
	}
	if set.Has(ftp.FactUnixUID) {
		b = append(strconv.AppendUint(append(b, "UNIX.uid="...), uint64(e.Owner.UID), 10), ';')
	}
	if set.Has(ftp.FactUnixGID) {
		b = append(strconv.AppendUint(append(b, "UNIX.gid="...), uint64(e.Owner.GID), 10), ';')
	}
	if set.Has(ftp.FactUnixOwner) {
		b = append(append(append(b, "UNIX.owner="...), owners.User(e.Owner.UID)...), ';')
	}
	if set.Has(ftp.FactUnixGroup) {
		b = append(append(append(b, "UNIX.group="...), owners.Group(e.Owner.GID)...), ';')
	}
	return b
}

const permLetters = "acdeflmprw"

// appendPerm appends the letters of the perm fact (RFC 3659 §7.5.5); the bits of
// Rights are in their order.
func appendPerm(b []byte, r vfs.Rights) []byte {
	for i := range permLetters {
		if r&(1<<i) != 0 {
			b = append(b, permLetters[i])
		}
	}
	return b
}

// Wants gives the fields of an entry that the facts of set are made of.
func Wants(set ftp.FactSet) vfs.Fields {
	var want vfs.Fields
	for fact, field := range map[ftp.Fact]vfs.Fields{
		ftp.FactType: vfs.WantKind, ftp.FactSize: vfs.WantInfo, ftp.FactModify: vfs.WantInfo,
		ftp.FactPerm: vfs.WantKind | vfs.WantRights, ftp.FactUnique: vfs.WantUnique, ftp.FactUnixMode: vfs.WantInfo,
		ftp.FactCreate: vfs.WantCreated, ftp.FactUnixUID: vfs.WantInfo, ftp.FactUnixGID: vfs.WantInfo,
		ftp.FactUnixOwner: vfs.WantInfo, ftp.FactUnixGroup: vfs.WantInfo,
	} {
		if set.Has(fact) {
			want |= field
		}
	}
	return want
}

func typeFact(k vfs.Kind) string {
	switch k {
	case vfs.KindFile:
		return "file"
	case vfs.KindDir:
		return "dir"
	}
	// RFC 3659 §7.5.1.5: OS.name=type for what is neither file nor directory.
	return "OS.unix=special"
}

// ErrEntry means that a line is no MLSx entry.
var ErrEntry = errors.New("listing: not an MLSx entry")

// IsSelf reports whether the line describes the listed directory itself or its
// parent (type=cdir, type=pdir), which are no entries of it.
func IsSelf(line string) bool {
	facts, _, _ := strings.Cut(line, " ")
	for fact := range strings.SplitSeq(facts, ";") {
		name, value, _ := strings.Cut(fact, "=")
		if strings.EqualFold(name, "type") {
			return strings.EqualFold(value, "cdir") || strings.EqualFold(value, "pdir")
		}
	}
	return false
}

// ParseMLSx reads one entry as AppendMLSx writes it, without its line end. The
// name is what follows the first space, byte for byte: whether it is safe to use
// as a local name is for the caller to judge. Unknown facts are passed over. A
// line without a type fact, or with a size or time that cannot be read, is
// ErrEntry: a listing must never become silently wrong.
func ParseMLSx(line string) (vfs.Entry, error) {
	facts, name, ok := strings.Cut(line, " ")
	if !ok || name == "" {
		return vfs.Entry{}, ErrEntry
	}
	e := vfs.Entry{Name: name}
	typed := false
	for fact := range strings.SplitSeq(strings.TrimSuffix(facts, ";"), ";") {
		key, value, ok := strings.Cut(fact, "=")
		if !ok {
			return vfs.Entry{}, ErrEntry
		}
		if err := parseFact(&e, strings.ToLower(key), value); err != nil {
			return vfs.Entry{}, err
		}
		typed = typed || strings.EqualFold(key, "type")
	}
	if !typed {
		return vfs.Entry{}, ErrEntry
	}
	return e, nil
}

func parseFact(e *vfs.Entry, key, value string) error {
	switch key {
	case "type":
		switch strings.ToLower(value) {
		case "file":
			e.Kind = vfs.KindFile
		case "dir", "cdir", "pdir":
			e.Kind = vfs.KindDir
		default:
			e.Kind = vfs.KindOther
		}
	case "size":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return ErrEntry
		}
		e.Size = n
	case "modify":
		t, err := ftp.ParseTime(value)
		if err != nil {
			return ErrEntry
		}
		e.ModTime = t
	case "create":
		// Nothing depends on it, and some servers send odd ones.
		e.Created, _ = ftp.ParseTime(value)
	case "unique":
		e.Unique = value
	case "perm":
		e.Rights = parsePerm(value)
	case "unix.mode":
		if n, err := strconv.ParseUint(value, 8, 12); err == nil {
			e.Mode = e.Mode&^0o777 | modeBits(n)
		}
	}
	return nil
}

// parsePerm is the reverse of appendPerm; letters compare without regard to case.
func parsePerm(value string) vfs.Rights {
	var r vfs.Rights
	for i := range len(value) {
		if bit := strings.IndexByte(permLetters, value[i]|0x20); bit >= 0 {
			r |= 1 << bit
		}
	}
	return r
}
