package ftpclient

import "fmt"

// Warning tells of a reply that makes no sense, where the client can do without
// it: a size below zero, a time in the year 99999. What it would have said is then
// taken as not known.
type Warning struct {
	Command string // the verb
	Path    string
	Err     error // what is wrong; wraps ErrProtocol
}

// Error describes the warning in one line.
func (w *Warning) Error() string { return fmt.Sprintf("%s of %q: %v", w.Command, w.Path, w.Err) }

// Unwrap gives w.Err.
func (w *Warning) Unwrap() error { return w.Err }

func (c *Client) warn(verb, path string, err error) {
	if c.opt.Warn != nil {
		c.opt.Warn(&Warning{Command: verb, Path: path, Err: err})
	}
}
