package ftpclient

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// Symlink makes path a symbolic link to target (SITE SYMLINK, in use and not
// registered). A name with spaces is put in quotes, which not every server takes.
func (c *Client) Symlink(ctx context.Context, target, path string) error {
	end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	_, err = c.expect(ftp.Completion, "SITE", "SYMLINK", quotedField(target), quotedField(path))
	return end(err)
}

// quotedField puts a name in quotes that would not be one word, or begins with one.
func quotedField(name string) string {
	if !strings.HasPrefix(name, `"`) && !strings.ContainsAny(name, " \t") {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
