// Package trail writes down what happens in the server so that it can be proven
// later: one JSON line for each event, each with its number and the SHA-256 of the
// line before, and now and then a line that is signed (a checkpoint). docs/trail.md
// describes the lines and the files.
//
// [Open] starts the writer, [Trail.Record] takes events and never waits, [Verify]
// reads the files again and names every place where they are not what was written.
// The lines also go to other sinks ([Syslog], [Journal]), each behind a queue of its
// own. What cannot be kept is counted, and the count is recorded.
package trail
