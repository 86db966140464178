package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// MaxName is the longest name of an account or a group, in bytes.
const MaxName = 255

// CheckName refuses names that not every client can send, that a log cannot show,
// or that could be taken for a path (S-23, V-02, V-59): empty ones and ones over
// MaxName bytes; control characters, "/" and "\"; "." and ".."; and spaces at an
// end, which clients remove. Any other bytes are a name. The error wraps ErrInvalid
// and does not hold it.
func CheckName(name string) error {
	why := ""
	switch {
	case name == "":
		why = "is empty"
	case len(name) > MaxName:
		why = fmt.Sprintf("is longer than %d bytes", MaxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		why = "holds a control character"
	case strings.ContainsAny(name, `/\`):
		why = `holds "/" or "\"`
	case name == "." || name == "..":
		why = "is a name of folders"
	case strings.TrimSpace(name) != name:
		why = "begins or ends with a space"
	default:
		return nil
	}
	return fmt.Errorf("%w: the name %s; choose one of letters and digits", ErrInvalid, why)
}

// FolderName gives the name of a folder for an account, so that each has its own
// home below one folder, on every system: different names give different folders,
// also where the file system folds case or composes letters, and none leads
// elsewhere (V-02). Small ASCII letters, digits, "_", "-" and "." within the name
// stand for themselves, every other byte is "%" and two digits; names of devices of
// Windows are written with their first byte so. A long name is cut, and ends in a
// hash of the whole. Names that CheckName refuses are an error.
func FolderName(name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		plain := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-' ||
			c == '.' && i > 0 && i < len(name)-1
		if plain && (i > 0 || !device(name)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	const most, kept = 200, 100
	if b.Len() <= most {
		return b.String(), nil
	}
	sum := sha256.Sum256([]byte(name))
	return b.String()[:kept] + "~" + hex.EncodeToString(sum[:]), nil // "~" is in no other
}

// device reports whether Windows takes the name for a device, whatever is behind
// its first dot.
func device(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && '0' <= base[3] && base[3] <= '9'
}
