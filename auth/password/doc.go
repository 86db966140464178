// Package password is an [auth.Login] over a fixed list of accounts whose
// passwords are kept as argon2id hashes (RFC 9106) in PHC string form.
//
// It is built for a port that strangers can reach: an unknown name costs as
// much time as a known one, a password of any size and content costs one hash,
// and only a few hashes run at a time, so that a flood of guesses leaves
// processors and memory to those who are logged in.
package password
