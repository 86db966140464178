// Package config reads the settings of "sealane serve" from a TOML file and
// checks them. It changes nothing and opens nothing but the file itself and
// password files.
//
// The table in settings.go is the one list of what may be set: keys, meaning and
// how a value is read. Every mistake of a file is reported at once, each with its
// line and a hint. Flags use the same parsers ([ParseListen], [ParsePortRange])
// and override the file; [Config.Validate] then checks the whole.
package config
