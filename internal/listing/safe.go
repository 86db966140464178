package listing

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrUnsafe is the kind of all errors of Safe.
var ErrUnsafe = errors.New("not safe as a local name")

// maxLocalName is the longest name that all usual file systems take, in bytes.
const maxLocalName = 255

// Rules says for which systems a name has to be safe.
type Rules uint8

const (
	// AnySystem holds everywhere: the name is one name, and stays in its folder.
	AnySystem Rules = iota
	// Windows adds what Windows takes for something else than a name: devices,
	// drives, streams, and names whose end it cuts off.
	Windows
)

// Safe says why a name from a server must not become the name of a local file. The
// error wraps ErrUnsafe; it does not show the name. Nothing is repaired: two names
// could become one.
//
// A backslash is refused everywhere, for the sake of folders that are shared with
// Windows (CVE-2026-27699). Names that begin with a dash or a tilde are safe as names;
// it is programs that must not take them for something else.
func Safe(name string, rules Rules) error {
	switch {
	case name == "":
		return unsafeName("it is empty")
	case name == ".", name == "..":
		return unsafeName("it leads to another folder")
	case len(name) > maxLocalName:
		return unsafeName("it is longer than 255 bytes")
	case strings.ContainsAny(name, `/\`):
		return unsafeName("it holds a slash or a backslash")
	case strings.ContainsAny(name, "\x00\r\n"):
		return unsafeName("it holds NUL, CR or LF")
	case rules == Windows:
		return safeOnWindows(name)
	}
	return nil
}

func unsafeName(why string) error { return fmt.Errorf("%w: %s", ErrUnsafe, why) }

func safeOnWindows(name string) error {
	switch {
	case len(name) > 1 && name[1] == ':' && isLetter(name[0]):
		return unsafeName("it begins with a drive")
	case strings.Contains(name, ":"):
		return unsafeName("a colon leads to another stream of a file")
	case strings.ContainsAny(name, `<>"|?*`) || strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) >= 0:
		return unsafeName("it holds a character that Windows does not allow")
	case !utf8.ValidString(name):
		return unsafeName("it is not UTF-8, so Windows would change it")
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return unsafeName("Windows would cut off the dot or space at its end")
	case isDevice(name):
		return unsafeName("it is a device of Windows")
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isDevice knows CON and its like, which are devices with an extension too.
func isDevice(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	name = strings.ToUpper(strings.TrimRight(name, " "))
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range [...]string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(name, port); ok {
			switch n {
			case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
				return true
			}
		}
	}
	return false
}
