// Package auth says who may log in and what they then see. [Login] is the one
// callback that a user of ftpserver has to write; guards and audit trails are
// decorators around it. Package auth/password is a ready-made one.
package auth
