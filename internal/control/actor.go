package control

import (
	"fmt"
	"net"
	"net/http"
	"os/user"
	"strconv"
)

// actorKey is that of the actor in the context of a connection.
type actorKey struct{}

// unknownActor is where the system does not say who is at the other end.
const unknownActor = "control"

// actorAt names who is at the other end.
func actorAt(conn net.Conn) string {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return unknownActor
	}
	uid, err := peer(u)
	if err != nil {
		return unknownActor
	}
	return Actor(uid)
}

func actorOf(r *http.Request) string {
	if a, ok := r.Context().Value(actorKey{}).(string); ok {
		return a
	}
	return unknownActor
}

// Actor names a user of the system in the trail: by number, which cannot be taken for
// another word, and by name, if it has one.
func Actor(uid int) string {
	name := ""
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		name = " (" + u.Username + ")"
	}
	return fmt.Sprintf("uid %d%s", uid, name)
}
