// Package store is accounts that are kept, and the login over them: records of
// accounts and of the groups that are their templates, second factors, rules for
// client certificates, and one [Login] that judges all of it and fails in one way.
//
// It holds no driver: [Accounts] is what those manage who keep accounts, [Logins]
// what a login needs of them. Package store/sqlite keeps them in a file; a database
// on the network, a directory or a hook would implement the same two.
package store
