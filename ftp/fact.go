package ftp

// Fact is the name of a fact of an MLSx entry (RFC 3659 §7.5), as it is sent.
// Names compare without regard to case.
type Fact string

// The facts that Sealane knows.
const (
	FactType     Fact = "type"
	FactSize     Fact = "size"
	FactModify   Fact = "modify"
	FactPerm     Fact = "perm"
	FactUnique   Fact = "unique"
	FactUnixMode Fact = "UNIX.mode"
	FactCreate   Fact = "create"

	// Whose a file is, by number and by name. Clients that show an owner look for
	// these names; no RFC has them.
	FactUnixUID   Fact = "UNIX.uid"
	FactUnixGID   Fact = "UNIX.gid"
	FactUnixOwner Fact = "UNIX.owner"
	FactUnixGroup Fact = "UNIX.group"
)

// FactSet is a set of facts, kept as bits so that asking costs nothing per
// entry of a large listing.
type FactSet uint16

// AllFacts lists the facts in the order in which they are sent.
func AllFacts() []Fact {
	return append(UsualFacts(), FactCreate, FactUnixUID, FactUnixGID, FactUnixOwner, FactUnixGroup)
}

// UsualFacts lists the facts that a server sends unless others are asked for: those
// that RFC 3659 §7.5.10 wants, and those that cost nothing beside them and tell
// nothing of the machine's users.
func UsualFacts() []Fact {
	return []Fact{FactType, FactSize, FactModify, FactPerm, FactUnique, FactUnixMode}
}

// MakeFactSet returns the set of the given facts; unknown ones are left out.
func MakeFactSet(facts ...Fact) FactSet {
	var set FactSet
	for _, f := range facts {
		set |= f.bit()
	}
	return set
}

// Has reports whether f is in the set.
func (s FactSet) Has(f Fact) bool { return s&f.bit() != 0 }

func (f Fact) bit() FactSet {
	switch f {
	case FactType:
		return 1 << 0
	case FactSize:
		return 1 << 1
	case FactModify:
		return 1 << 2
	case FactPerm:
		return 1 << 3
	case FactUnique:
		return 1 << 4
	case FactUnixMode:
		return 1 << 5
	case FactCreate:
		return 1 << 6
	case FactUnixUID:
		return 1 << 7
	case FactUnixGID:
		return 1 << 8
	case FactUnixOwner:
		return 1 << 9
	case FactUnixGroup:
		return 1 << 10
	}
	return 0
}
