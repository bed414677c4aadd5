// Package encryption encrypts the objects of any ports.ObjectStore, on Tink
// (github.com/tink-crypto/tink-go). Whoever holds the bucket, the folder or a
// backup of it sees the names, the times and, to 64 bytes or so, the sizes of
// objects, and can take objects away or bring old ones back, but reads nothing
// and changes nothing unnoticed.
//
// # Open
//
//	keys, err := encryption.FromKey(key)                          // 32 bytes, such as from KeyFromText
//	keys, err := encryption.OpenKeyring(ctx, inner, kek, opts)    // keys in the store, sealed by a KMS
//	keys, err := encryption.FromHandles(documents, streams)       // keysets of Tink
//	store, err := encryption.Store(inner, keys, encryption.Options{})
//
// The answer has the optional interfaces of inner (ports.Streamer,
// ports.BatchDeleter, ports.Pinger, io.Closer) and no Unwrap.
//
// # Guarantees
//
// A whole read proves every byte of the object, its length and its name: what
// was changed, cut, extended, put together from parts, or written under another
// key or name is ErrCorrupt. A read of a range proves the bytes it returns. A
// stream returns no byte that was not proven, and ends with io.EOF only after
// the last segment was. Stat and List compute the size from that of the
// ciphertext and prove nothing.
//
// Not proven is that an object is the latest one: who can write to the store can
// delete an object, or put back an earlier state of it under the same name.
//
// Versions are those of the inner store. Every write makes other bytes, even of
// the same object, since nonces are random; so versions that are hashes differ
// from write to write. Capabilities.UniqueVersions stays as inner has it all the
// same: a request that the network delivers twice writes the same bytes twice.
//
// # Format
//
// An object of up to 64 KiB, a document, is a header and one ciphertext of a
// Tink AEAD; together they add exactly 64 bytes. A greater one, a stream, is a
// header of 16 bytes and a ciphertext of Tink's streaming AEAD
// AES256_GCM_HKDF_4KB, which adds 40 bytes and then 16 for each segment of 4
// KiB. Whether an object was written by Put or by PutStream makes no
// difference. So each size of the ciphertext belongs to one size of the
// plaintext, and lists need not look into objects.
//
//	bytes  0–5   0x93 "SBENC"
//	byte   6     version of the format, 1
//	byte   7     "d" document, "s" stream
//	bytes  8–11  id of the key, big-endian
//	byte  12     length of the header
//	then         zeros to the end of the header
//
// The associated data is the header followed by the object's key. So a ciphertext
// is bound to its name, and tools can decrypt what follows the header with Tink
// alone.
//
// Keys made by this package are 32 random bytes, from which HKDF-SHA256
// derives the id, the key of documents and the key of streams. Documents are
// under XAES-256-GCM, which is AES-256-GCM with a key derived for each
// message: with random nonces the number of writes under one AES-GCM key would
// be limited to 2^32.
//
// # Names and prefixes
//
// The key of an object is bound as this store is called with. Put a prefix above
// encryption, prefix.Store(encrypted, "tenants/7"), and the prefix is bound, too;
// below it, a ciphertext can be moved from tenant to tenant.
//
// # Keys
//
// A Keyring has one primary key, under which everything is written, and others
// for what was written earlier. Rotate adds a new primary, Reencrypt rewrites
// objects while the database is in use, Disable and Destroy remove old keys.
//
// A process writes under the state of a stored keyring for a minute at most
// and then looks whether it has changed, and a stream looks again before it
// ends; Destroy waits for longer than that before it looks for objects under
// the key. So nothing that was written is lost with a key, also if other
// processes never heard of its end. If the keyring can't be read, writes
// answer ErrUnavailable after that minute, and reads go on.
//
// # Errors
//
//	ErrCorrupt      what is stored was not written by this package under this
//	                name and a key of the keyring, or was changed since
//	ErrNoKey        as its cause: the object names a key that is not there
//	ErrNotEncrypted as its cause: the object is plaintext; see Options.ReadPlaintext
//	ErrInvalidKey   the key of the object that holds the keyring; an encrypted
//	                store that was given to Reencrypt or Destroy as the inner one
//	ErrBusy         an object was replaced again and again while a range was read
//	ErrUnavailable  the keyring could not be read, or the key of a stream was
//	                taken away before its end
//
// Everything else comes from the inner store as it is.
//
// # Permissions
//
// Those of the inner store. OpenKeyring needs to read and, to create or change
// it, to write the keyring's object, and the right to encrypt and decrypt by
// the KMS.
//
// # Cost
//
// No request more than the inner store makes, except: a range that begins beyond
// 64 KiB costs one small read more, for the header; a shorter one reads from the
// beginning, at least 64 KiB. With Options.ReadPlaintext, Stat is a read of 16
// bytes. An object that names an unknown key makes a keyring that is stored look
// once whether it has changed, and so does, once a minute, a process that writes.
//
// # Limits
//
// Stores under the same key are not told apart: who can write to two of them can
// put the object of a name in one in the place of that in the other. A stream has
// at most 2^32-1 segments, about 16 TiB. Sizes in lists of plaintext objects are
// too low, by 64 bytes or a little more, unless Options.ExactListSizes is set.
// Names are not encrypted. With OpenKeyring one key, KeyringOptions.Object, can't
// be used for anything else; and who can write to the store can put an earlier
// state of the keyring back: new writes are then under an older key, and what
// only the newer one opens is ErrCorrupt.
package encryption
