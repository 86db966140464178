// Package ftpfs is a [vfs.FS] on another FTP server: what works on trees of files, as a
// mirror does, works on a server's tree by it.
//
// Connections come from a [ftpclient.Pool]. A call holds one while it runs, a
// vfs.Upload from Create on until it is ended, a vfs.File from its first Read to its
// end, and a List only if the directory has more than 16,384 entries. A call waits while
// the pool has none left: who keeps files and uploads open needs a pool with one
// connection for each of them and one besides, or waits until its context ends.
//
// # Errors
//
// A reply means little by itself: 550 is the answer to nearly everything. When a
// command was refused, and only then, the server is asked what is there, and the error
// wraps the sentinel of vfs that follows from it, beside the [*ftp.Error]. What a server
// hides from the account counts as not there. 4yz replies, other than 452, have no
// sentinel, and errors of the network wrap ftpclient.ErrNetwork as ever:
// ftpclient.Temporary can tell what is worth another attempt. Nothing is tried again
// here.
//
// # What is promised, and what is not
//
// An upload is reported as committed only if its end was marked, the server confirmed
// it, and the server's SIZE agrees; a download ends with io.EOF only for the same
// proof. A listing that is not complete ends with an error, and so does one with names
// that could lead elsewhere; such names are never given out.
//
// A server is not a file system, and the contract of vfs holds with these bounds:
//
//   - Uploads go to their final names (Caps.InPlace), and a server may show them while
//     they grow. What of it has arrived when somebody looks, or when Abort cuts it, is
//     not certain. Options.TempNames hides them, at the cost of three commands for each;
//     for files that are replaced on a server whose RNTO replaces nothing there is a
//     moment without a file.
//     Some have who reads such a file wait for the end of the upload (vsftpd, unless
//     lock_upload_files=NO): who holds the upload itself waits in vain, to the Timeout.
//   - Exclusive, and Rename where it must not replace, look first and act then. Within
//     one FS nobody comes in between; another client can.
//   - A File is of the version that is there when it is read, not when it was opened. If
//     its size then is another one, that is ErrConflict.
//   - Abort leaves what could be an older file, whatever is in it.
//   - What breaks off is not known as unfinished afterwards (Caps.Resume): it is gone,
//     or a file like others.
//   - What lies behind the bytes of an upload with an Offset stays where a server does
//     not cut it, as most do not. That is an error of Commit.
//   - List has what the server lists. Without MLSD, many leave out names that begin with
//     a dot, and some show their own temporary files.
//   - Append is checked for ErrConflict by the server, or not at all.
//   - The server decides what Remove does to a link, and how durable its 226 is:
//     Caps.Durability says no more than that the file outlives this process.
//   - SetAttr sets Mode and ModTime by one command each, so that the first can be done
//     and the second fail. Times are to the second. Of times that come from LIST see
//     [FS.Clock].
//   - Hash ends with its context, by closing the connection.
//
// Capabilities are what the server says to FEAT. A server that has SITE CHMOD or SITE
// UTIME and does not say so there has no Caps.SetMode and no Caps.SetModTime.
package ftpfs
