//go:build !unix

package cli

import "io/fs"

// processUmask is nil where there is none.
func processUmask() *fs.FileMode { return nil }
