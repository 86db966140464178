//go:build !(linux || darwin || freebsd)

package trail

// adopt does nothing where files belong to whom the folder says.
func adopt(string) error { return nil }
