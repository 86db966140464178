// Package ftp is the vocabulary that both ends of an FTP control connection
// share: reply codes, replies, features, MLSx facts, time values and URLs. It
// opens no connection and depends on the standard library only.
package ftp
