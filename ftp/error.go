package ftp

import "fmt"

// Error is a reply by which a server refused a command. Judge it by its Code;
// the text is free and never to be matched.
type Error struct {
	Command string // the verb that was refused; "" for the greeting
	Reply   Reply
}

// Error gives the command and the reply in one line.
func (e *Error) Error() string {
	if e.Command == "" {
		return fmt.Sprintf("server answered %s", e.Reply)
	}
	return fmt.Sprintf("%s: server answered %s", e.Command, e.Reply)
}

// Temporary reports whether the same command may succeed later (4yz).
func (e *Error) Temporary() bool { return e.Reply.Code.Class() == Transient }
