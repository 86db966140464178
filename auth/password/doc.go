// Package password hashes passwords with argon2id (RFC 9106) in PHC string form,
// and is an [auth.Login] over a fixed list of accounts.
//
// It is built for a port that strangers can reach: an unknown name costs as
// much time as a known one, a password of any size and content costs one hash,
// and only a few hashes run at a time, so that a flood of guesses leaves
// processors and memory to those who are logged in.
//
// Hashes that other programs made can be verified, too, so that accounts can move
// here with their passwords. Each has a bound on the work that it may ask for; what
// is over it is refused when it is read, before any work:
//
//	argon2id, argon2i    256 MiB, 64 passes, 2 GiB of memory times passes, 16 lanes
//	bcrypt (2a, 2b, 2y)  cost 4 to 14; the first 72 bytes of a password count
//	sha512-crypt ($6$)   1000 to 1000000 rounds; passwords up to 256 bytes
//	PBKDF2               4000000 iterations; $pbkdf2-sha256$ and $pbkdf2-sha512$ of
//	                     passlib, pbkdf2_sha256$ of Django
//
// The dearest of them takes some seconds. [NeedsRehash] tells which should be
// replaced by one of [Hash] when their password is next seen.
package password
