package layer

import (
	"fmt"

	"github.com/sealane/sealane/vfs"
)

// fail is for what a layer itself refuses; errors of the inner FS pass as they
// are.
func fail(op string, p vfs.Path, err error) error {
	return fmt.Errorf("layer: cannot %s %q: %w", op, p, err)
}
