// Package guard slows down and shuts out who guesses passwords, and bounds what
// strangers can make a server hold: connections that have not logged in, and
// password hashes.
//
// Failed logins are counted for the address (of IPv6 its /64), for the network
// around it (/24, of IPv6 /48), and for the name, whether or not an account has it.
// Counts make later tries wait, ever longer, and many of one address or network end
// in a ban, which grows each time. What one address has done to a name never makes
// another wait that has logged in to it before: that one is trusted, for this name.
//
// All tables are bounded. Counts leave by their age, bans that end first give way,
// and of trusted addresses each account has a few. Bans and trusted addresses are
// kept in a folder, the latter as keyed hashes; counts are not kept.
package guard
