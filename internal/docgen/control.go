package main

import (
	"fmt"
	"strings"

	"github.com/sealane/sealane/internal/control"
)

const controlHead = `# The administrator's socket

Generated from ` + "`internal/control`" + ` by ` + "`make docs`" + `; do not edit.

` + "`sealane ctl`" + ` speaks with a server that runs over a Unix socket: ` + "`control.sock`" + ` in its state folder, or what ` + "`control.socket`" + ` names. Only the user that
the server runs as, and root, may use it. It is HTTP with JSON, so that other programs can do the same:

` + "```sh" + `
curl --unix-socket state/control.sock http://sealane/v1/stats
` + "```" + `

Every answer of 200 is a JSON object; every other one is ` + "`{\"error\": \"…\", \"hint\": \"…\"}`" + `. Times are RFC 3339, and those of which the name ends in ` + "`_ns`" + ` are
nanoseconds. More paths and fields may be added to version 1; none changes its meaning. Strings of peers (client, path) are as they were sent: escape them where they are shown.

| method and path | body | does | answer |
|---|---|---|---|
`

func controlPage() string {
	var b strings.Builder
	b.WriteString(controlHead)
	for _, e := range control.Endpoints() {
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s |\n", e.Method, e.Path, literal(e.Body), e.Does, literal(e.Answer))
	}
	return b.String()
}

func literal(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
