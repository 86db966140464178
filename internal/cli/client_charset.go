package cli

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/sealane/sealane/ftpclient"
)

// nameCodec gives the translation for --charset; nil for UTF-8.
func nameCodec(charset string) (ftpclient.NameCodec, error) {
	if charset == "" {
		return nil, nil
	}
	enc, err := htmlindex.Get(charset)
	name := ""
	if err == nil {
		name, err = htmlindex.Name(enc)
	}
	switch {
	case err != nil, strings.HasPrefix(name, "utf-16"), name == "replacement", name == "x-user-defined", strings.HasPrefix(name, "iso-2022"):
		// UTF-16 would put NULs into commands, and shifted sets give a name several forms.
		return nil, withHint(usagef("--charset %q is not known, or cannot be used for names", charset), "latin1, latin2, koi8-r, windows-1251, shift_jis, gbk, big5 and euc-kr are some that can")
	case name == "utf-8":
		return nil, nil
	}
	return textCodec{enc}, nil
}

// textCodec is a character set of package encoding.
type textCodec struct{ enc encoding.Encoding }

var errUnreadable = errors.New("bytes that are nothing in this character set")

func (c textCodec) Encode(text string) (string, error) { return c.enc.NewEncoder().String(text) }

func (c textCodec) Decode(raw string) (string, error) {
	text, err := c.enc.NewDecoder().String(raw)
	if err == nil && strings.ContainsRune(text, utf8.RuneError) {
		err = errUnreadable
	}
	return text, err
}
