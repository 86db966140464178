// Package auth says who may log in and what they then see. [Login] is the one
// callback that a user of ftpserver has to write; guards and audit trails are
// decorators around it. What it returns, a [Grant], can also treat the account
// otherwise than the server treats all ([DataPolicy]). Package auth/password is a ready-made one.
package auth
