// Package simple is the database for small programs: one URL opens it, one
// line makes a collection, and values of a struct go in and come out.
//
//	type User struct {
//		ID   string `json:"id" sb:"id"`
//		Name string `json:"name"`
//		Age  int    `json:"age" sb:"index"`
//	}
//
//	db, err := simple.Open(ctx, "file://./data")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	users, err := simple.NewCollection[User](ctx, db)
//	if err != nil {
//		return err
//	}
//	ada, err := users.Create(ctx, User{Name: "Ada", Age: 36})
//	adults, err := users.Find(ctx, simple.Gte("age", 21))
//
// Each document is a JSON file, data/users/<id>.json, and the indexes are one
// more file. No server runs, and what was written is on the disk when the call
// returns.
//
// # URLs
//
//	file://./data                  files in a folder, with an embedded index
//	file:///srv/data?sync=none     an absolute path; fast, for data that can be lost
//	file://./data?index=none       without an index: queries read all documents
//	file://./data?index=redis://…  with an index that several processes share
//	mem://                         in memory, for tests; mem://name is shared
//	s3://bucket?index=redis://…    any store and index whose adapter is imported
//
// The parameter index belongs to this package, all others to the adapter of
// the store, which refuses those that it does not know. A scheme whose adapter
// is not imported is refused with the import line to add.
//
// Any number of processes can use one folder, but its embedded index serves
// one at a time: a second Open fails and says so.
//
// # More than this
//
// DB.Core and Collection.Core give the database underneath, for revisions,
// batches, streams, sorting, merge patches under a condition, and profiles; both
// can be used side by side. Errors are those of package core, matched with
// errors.Is: core.ErrNotFound, core.ErrExists, core.ErrConflict and so on.
package simple
