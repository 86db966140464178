// Package durability proves what a 226 of "sealane serve" promises: the file is
// whole, has its name, and stays there when the process is killed or the power
// fails; after any other answer, or none, the old file is what it was.
//
// It drives the built program from outside, with an FTPS client of its own that
// shares no code with the project's. Its tests need the build tag interop and
// Linux. Those that mount something (disk images on loop devices, a tmpfs, a FUSE
// file system) run as root only. What is missing skips a test, or fails it with
// INTEROP_REQUIRE=1, as in CI. "make interop" runs the short form, "make
// durability" the long one (INTEROP_LONG=1).
//
// Two parts need neither tag nor root, and have tests that show that they tell
// good from bad: the checker of histories (linear.go) and the model of a disk that
// loses whatever was not synced (disk.go).
package durability
