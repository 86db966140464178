package trail

import (
	"reflect"
	"strconv"
	"time"
)

// Member is one member of a line.
type Member struct {
	Name string
	Type string // "text", "number", "yes" (true, or left out) or "time"
	Doc  string
}

// Members gives the schema, in the order in which lines have it.
func Members() []Member {
	out := []Member{
		{"v", "number", "version of this schema"},
		{"seq", "number", "number of the line, from 1; the next line has the next number, in the next file too"},
		{"prev", "text", "SHA-256, in hex, of the line before without its line end; of the first line 64 zeros"},
	}
	t := reflect.TypeFor[Event]()
	for i := range t.NumField() {
		f := t.Field(i)
		m := Member{Name: f.Tag.Get("json"), Doc: f.Tag.Get("doc")}
		switch f.Type.Kind() {
		case reflect.String:
			m.Type = "text"
		case reflect.Int64:
			m.Type = "number"
		case reflect.Bool:
			m.Type = "yes"
		default:
			m.Type = "time"
		}
		out = append(out, m)
	}
	return out
}

// Values gives the members of a line as texts, in the order of Members; "" for those
// that the line does not have.
func (l *Line) Values() []string {
	out := []string{strconv.Itoa(Version), strconv.FormatUint(l.Seq, 10), l.Prev.String()}
	v := reflect.ValueOf(&l.Event).Elem()
	for i := range v.NumField() {
		f, text := v.Field(i), ""
		switch {
		case f.Kind() == reflect.String:
			text = f.String()
		case f.Kind() == reflect.Int64:
			if n := f.Int(); n != 0 || Kind(v.Type().Field(i).Tag.Get("always")) == l.Event.Kind {
				text = strconv.FormatInt(n, 10)
			}
		case f.Kind() == reflect.Bool:
			if f.Bool() {
				text = "true"
			}
		default:
			text = f.Interface().(time.Time).UTC().Format(time.RFC3339Nano)
		}
		out = append(out, text)
	}
	return out
}

// AnyText reports whether one of the texts of an event matches.
func (e *Event) AnyText(match func(string) bool) bool {
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String && f.String() != "" && match(f.String()) {
			return true
		}
	}
	return false
}
