// Package fs keeps objects as plain files below one folder of a local file
// system. It implements ports.ObjectStore, ports.Streamer, ports.Pinger and
// io.Closer, and is safe for any number of processes on one machine at once.
//
// # Open
//
//	store, err := fs.Open(ctx, "./data", fs.Options{})
//
// Open makes the folder if it is not there, finds out what its file system can
// do, and removes what killed processes left unfinished. The URL scheme is
// "file": file://./data is relative to the working directory, file:///srv/data
// is absolute, and ?sync=none switches durability off.
//
// # Guarantees
//
// A put writes a new file aside and renames it into place, under a lock that
// all processes share (an in-process turn, then flock on one of 256 files). So
// a reader sees the old object or the new one, also after the writer was
// killed, and a condition is decided in the same step as the write.
//
// With SyncFull, the default, a put or delete that returned is on the disk:
// the file is flushed before the rename, and its folder after it. With
// SyncNone all of this holds for crashes of processes but not for power cuts,
// after which objects may be missing, old, or empty.
//
// The version of an object is its modification time in nanoseconds, set by the
// writer and greater than every earlier one of that key, also where the clock
// was set back and across deletion. On a file system whose times are coarser
// than a microsecond it is a hash of the content instead, Capabilities says
// that versions are not unique, and lists that ask for versions read every file.
//
// # Names on disk
//
// The key users/42.json is the file users/42.json: other programs can read it.
// A segment needs another name only where files and folders could be confused:
//
//   - a file has an extension (a dot and 1 to 16 letters or digits, not at the
//     start) or gets "~o" appended: the key a is the file a~o;
//   - a folder that has an extension, or ends in one of the marks, or is ".sb" at
//     the top, gets "~d" appended: a.b/c.json is a.b~d/c.json;
//   - a name of over 255 bytes is cut into folders that end in "~+";
//   - where the file system ignores case, upper-case letters, "~" and characters
//     beyond ASCII are written as "~" and two hexadecimal digits a byte.
//
// A file that other programs put there is an object if its name is one that the
// adapter would give, and gets a new version when they change it. Symbolic
// links, sockets, and files and folders with other names are no objects: lists
// pass over them. Folders that became empty stay. The folder .sb at the top is
// the adapter's own; leave it alone while a store is open.
//
// # Errors
//
// A full disk or quota is ErrUnavailable, with the old object in place and the
// cause (such as ENOSPC) under errors.Is; missing rights or a read-only disk are
// ErrPermission. A symbolic link, another mount, or a thing that is neither file
// nor folder where the key leads is ErrInvalidKey, and is never followed.
// ErrUnknown is answered where the rename was done but flushing the folder
// failed. A context that ends while a lock is waited for or data is moved gives
// its own error, and nothing was changed.
//
// # Limits
//
// Local file systems of Linux, macOS and the BSDs; on other systems Open answers
// ErrUnsupported. Network file systems are not supported: their locks and
// caches differ. All processes that share a root must run as the same user.
// A store keeps up to 256 lock files open. Other programs take part in no
// lock: what they change between the look and the rename of a put is
// overwritten, and what they write into a file in place, instead of renaming a
// new one over it, can be seen half way.
package fs
