package config

import (
	"fmt"
	"strings"
)

// decoder fills a Config from what TOML decoded, by the table of settings.
type decoder struct {
	config Config
	keys   []position
	found  []*Error
}

// wrong gives the keys in which a mistake has been found.
func (d *decoder) wrong() map[string]bool {
	keys := map[string]bool{}
	for _, e := range d.found {
		keys[e.Key] = true
	}
	return keys
}

func (d *decoder) say(key string, err error) {
	if err != nil {
		d.found = append(d.found, at(key, err))
	}
}

// section is the settings below one key.
type section struct {
	name string
	rows []setting
}

// sections groups the table; the one without a name is the top of the file.
func sections() []section {
	var list []section
	for _, s := range settings() {
		name, _ := split(s.key)
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, section{name: name})
		}
		last := &list[len(list)-1]
		last.rows = append(last.rows, s)
	}
	return list
}

func (d *decoder) decode(tree map[string]any) {
	for _, sec := range sections() {
		if sec.name == "" {
			d.table(sec, tree)
			continue
		}
		v, ok := lookup(tree, sec.name)
		if !ok {
			continue
		}
		if sec.rows[0].listed() {
			d.list(sec, v)
		} else if t, ok := v.(map[string]any); ok {
			d.table(sec, t)
		} else {
			d.say(sec.name, mistakef("write ["+sec.name+"] on a line of its own, and its settings below", "must be a section"))
		}
	}
}

// lookup finds a section, which may stand in another: [tls.acme].
func lookup(tree map[string]any, name string) (any, bool) {
	in, rest, nested := strings.Cut(name, ".")
	v, ok := tree[in]
	if !nested {
		return v, ok
	}
	below, ok := v.(map[string]any)
	if !ok {
		return nil, false // what stands there is told of as the outer section
	}
	return lookup(below, rest)
}

func (d *decoder) table(sec section, t map[string]any) {
	for _, s := range sec.rows {
		_, name := split(s.key)
		if v, ok := t[name]; ok {
			d.say(s.key, s.set(&d.config, v))
		}
	}
}

func (d *decoder) list(sec section, v any) {
	list, ok := tables(v)
	if !ok {
		d.say(sec.name, mistakef("write [["+sec.name+"]], with two brackets, above each", "must be a list of sections"))
		return
	}
	for i, t := range list {
		var a Account
		var h Host
		for _, s := range sec.rows {
			_, name := split(s.key)
			v, ok := t[name]
			if !ok {
				continue
			}
			var err error
			if s.host != nil {
				err = s.host(&h, v)
			} else {
				err = s.account(&a, v)
			}
			d.say(fmt.Sprintf("%s[%d].%s", sec.name, i, name), err)
		}
		if sec.rows[0].host != nil {
			d.config.Hosts = append(d.config.Hosts, h)
		} else {
			d.config.Accounts = append(d.config.Accounts, a)
		}
	}
}

// tables takes both [[name]] and name = [{...}].
func tables(v any) ([]map[string]any, bool) {
	if list, ok := v.([]map[string]any); ok {
		return list, true
	}
	mixed, ok := v.([]any)
	var list []map[string]any
	for _, v := range mixed {
		t, isTable := v.(map[string]any)
		if !isTable {
			return nil, false
		}
		list = append(list, t)
	}
	return list, ok
}

// errors gives every mistake its file and line and joins them.
func (d *decoder) errors(file string) error {
	lines := map[string]int{}
	for _, k := range d.keys {
		lines[k.key] = k.line
	}
	for _, e := range d.found {
		e.File = file
		// What is missing stands nowhere: its section's line has to do.
		for key := e.Key; e.Line == 0 && key != ""; key, _ = split(key) {
			e.Line = lines[key]
		}
	}
	return join(d.found)
}
