// Package s3 keeps locks, journals and snapshots in a bucket of Amazon S3 or of
// another server that speaks its protocol. Of what such servers can do beyond
// reading, writing and listing it needs one thing, which AWS, MinIO, R2 and Ceph
// all have: PutObject with If-None-Match: *, which creates an object and never
// replaces one. Reads and listings must show every write that has ended (they do,
// within one region; a bucket that is written on two sites and replicated between
// them is not fit). That creation is conditional is tried out before it is relied on.
//
// # Objects
//
// Below Config.Prefix:
//
//	log/NAME/OFFSET  a piece of a log that is being written; OFFSET is its first byte
//	file/NAME        a file, or a log that was finished
//	lock/NUMBER      a lease; NUMBER is its token
//	clock, probe     see below
//
// # Logs
//
// The pieces of a log join without gaps: whoever has not just written the end
// looks where it is, and an append creates the piece at that offset. Of two
// writers one creates it, and the other is told that the log has moved.
//
// Finish closes the log with an empty piece at its end, which takes the last place
// where anybody could append; then it writes the whole as a file, and then it
// deletes the pieces. In every moment either all pieces are there or the file is,
// so that a Finish that was killed loses nothing. Deleting pieces frees their
// offsets, so that an append that was late by all of this can create one: whoever
// has created a piece of a log that he had not just written to therefore looks for
// the file, and if it is there, his piece is no part of the log and he is told so.
// Whoever reads pieces looks for the file afterwards: if it is still not there,
// nothing was deleted while he read.
//
// # The lease
//
// The lease is the object with the highest number that is not void. It is free if
// there is none, if it says released, or if it is older than its TTL. Times are
// the server's: the age is how much earlier the object was modified than an object
// named clock, which the challenger writes just before. As times have whole
// seconds, two more are waited for.
//
// A challenger
//
//	C1 reads the lease and finds it free;
//	C2 creates the next number, with itself as the holder;
//	C3 lists the lock: is its number the highest?
//	C4 reads the lease of C1 again: is it unchanged, its time included?
//
// and has the lease if both are so. Otherwise it marks its number void.
//
// A holder renews by
//
//	H1 writing its own object again;
//	H2 listing the lock: is any higher number not void?
//
// and has lost the lease if so.
//
// Two have never the lease at the same time. For two that hold numbers m < n, n's
// C1 must have found m, or a lease above it, free. If it was released, m has ended.
// If it was too old, then m's last renewal at that time has run out, and m can
// only have the lease again by a renewal that ends after C1. Its H1 is before n's
// C4: then C4 sees it (a renewal changes the content, and a repetition of the same
// request comes seconds later, so that it changes the time), and n is void. Or its
// H1 is after C4 and so after C2: then H2 sees n, and m has lost. If both see each
// other, both go without; the lease runs out and somebody else takes it.
//
// Numbers are never used twice. Creation sees to that for those that are there,
// and void ones stay. Only numbers ten below one that was taken are deleted, and a
// challenger that slept since and creates such a number finds the higher one in
// C3. A holder that slept and writes a deleted number again finds it in H2; that
// object, released or not, is below the lease and nobody looks at it. The same
// goes for requests that the network delivers late, except that a late renewal
// after a release makes the lease look held until its TTL is over.
//
// A challenger that dies between C2 and C4 keeps others waiting for one TTL, and a
// holder that renews in that time loses its lease: that is the price, and nothing
// is written twice for it.
package s3
