package ftp

import "strings"

// Feature is one line of a FEAT reply (RFC 2389 §3.2): a name and, for some,
// parameters.
type Feature struct {
	Name   string // upper case
	Params string // may be empty
}

// ParseFeature reads one line of a FEAT reply without its leading space.
func ParseFeature(line string) Feature {
	name, params, _ := strings.Cut(strings.TrimSpace(line), " ")
	return Feature{Name: strings.ToUpper(name), Params: strings.TrimSpace(params)}
}

// String gives the line as it is sent, without the leading space.
func (f Feature) String() string {
	if f.Params == "" {
		return f.Name
	}
	return f.Name + " " + f.Params
}
