package ftpclient

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// NameCodec translates names between UTF-8 and the character set of a server that has
// another one (RFC 2640 asks for UTF-8, and old servers do not know it). It is used by
// several goroutines. The zero error of both means that nothing was lost.
type NameCodec interface {
	Encode(text string) (string, error)
	Decode(raw string) (string, error)
}

// ErrName means that a name cannot be written in the character set of the server, or
// that one of the server's cannot be read in it.
var ErrName = errors.New("a name does not fit the character set")

// encode gives the lines as the server shall get them.
func (c *Client) encode(lines [][]string) ([][]string, error) {
	if c.opt.Names == nil {
		return lines, nil
	}
	out := make([][]string, len(lines))
	for i, line := range lines {
		out[i] = append(out[i], line[0])
		for _, arg := range line[1:] {
			raw, err := c.opt.Names.Encode(arg)
			if err != nil {
				return nil, fmt.Errorf("%w: %s", ErrName, strings.ToUpper(line[0])) // PASS may be among them
			}
			out[i] = append(out[i], raw)
		}
	}
	return out, nil
}

// sendable reports whether a name can be sent at all.
func (c *Client) sendable(name string) bool {
	_, err := c.encode([][]string{{"", name}})
	return err == nil && !strings.ContainsAny(name, "\r\n\x00")
}

// decodeReply translates the text of a reply. What cannot be read stays as it is: most
// replies hold no name.
func (c *Client) decodeReply(r *ftp.Reply) {
	if c.opt.Names == nil {
		return
	}
	for i, line := range r.Lines {
		if text, err := c.opt.Names.Decode(line); err == nil {
			r.Lines[i] = text
		}
	}
}

// decodeLine translates a line of a listing. A name that does not lead back to the
// bytes that the server has sent would be the name of another file.
func (c *Client) decodeLine(raw string) (string, error) {
	if c.opt.Names == nil {
		return raw, nil
	}
	text, err := c.opt.Names.Decode(raw)
	if err == nil {
		var again string
		if again, err = c.opt.Names.Encode(text); err == nil && again != raw {
			err = ErrName
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrProtocol, ErrName)
	}
	return text, nil
}
