package trail

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Line is a line that was read.
type Line struct {
	Seq   uint64
	Prev  Sum
	Event Event
}

// ErrLine is wrapped by the errors of ParseLine.
var ErrLine = errors.New("not a line of a trail")

// envelope is what a line has beside the event.
type envelope struct {
	V    int    `json:"v"`
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"`
	Event
}

// ParseLine reads a line without its line end. Members that it does not know are
// passed over: a newer server may have written them.
func ParseLine(raw []byte) (Line, error) {
	var got envelope
	if !utf8.Valid(raw) || bytes.ContainsAny(raw, "\r\n") {
		return Line{}, fmt.Errorf("%w: bytes that a line cannot have", ErrLine)
	}
	if json.Unmarshal(raw, &got) != nil { // what it says is about Go's types
		return Line{}, fmt.Errorf("%w: it is not JSON, or has other members", ErrLine)
	}
	prev, ok := ParseSum(got.Prev)
	switch {
	case got.V != Version:
		return Line{}, fmt.Errorf("%w: version %d of the schema is not known", ErrLine, got.V)
	case got.Seq == 0 || !ok || got.Kind == "":
		return Line{}, fmt.Errorf("%w: seq, prev or kind is missing", ErrLine)
	}
	l := Line{Seq: got.Seq, Prev: prev, Event: got.Event}
	if bytes.Contains(raw, []byte(base64Suffix+`":`)) {
		if err := l.Event.restore(raw); err != nil {
			return Line{}, fmt.Errorf("%w: %w", ErrLine, err)
		}
	}
	return l, nil
}

// restore puts texts that are not UTF-8 into place.
func (e *Event) restore(raw []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("json")
		text, there := members[name+base64Suffix]
		if !there || v.Field(i).Kind() != reflect.String {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(strings.Trim(string(text), `"`))
		if err != nil {
			return err
		}
		v.Field(i).SetString(string(b))
	}
	return nil
}
