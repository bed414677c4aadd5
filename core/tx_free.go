package core

import "context"

// Free documents inside a transaction, by key; see the methods of DB with the
// same names.

// Get decodes the document under a key into the value that into points to.
func (tx *Tx) Get(ctx context.Context, key string, into any) (Revision, error) {
	return tx.db.getKey(ctx, tx, key, into)
}

// Exists reports whether there is a document under a key.
func (tx *Tx) Exists(ctx context.Context, key string) (bool, error) {
	return tx.db.existsKey(ctx, tx, key)
}

// Create stores a new document under a key; ErrExists if there is one.
func (tx *Tx) Create(ctx context.Context, key string, value any) (Revision, error) {
	return tx.db.storeKey(ctx, tx, "create", key, value, expectation{absent: true})
}

// Put stores the value under a key, whether there is a document or not.
func (tx *Tx) Put(ctx context.Context, key string, value any, options ...WriteOption) (Revision, error) {
	return tx.db.putKey(ctx, tx, key, value, options)
}

// Update decodes the document under a key into the value that into points to,
// lets fn change it, and keeps the result for the commit.
func (tx *Tx) Update(ctx context.Context, key string, into any, fn func() error, options ...WriteOption) (Revision, error) {
	return tx.db.updateKey(ctx, tx, key, into, fn, options)
}

// Patch applies a JSON merge patch to the document under a key.
func (tx *Tx) Patch(ctx context.Context, key string, patch any, options ...WriteOption) (Revision, error) {
	return tx.db.patchKey(ctx, tx, key, patch, options)
}

// Delete removes the document under a key; nil if there is none.
func (tx *Tx) Delete(ctx context.Context, key string, options ...WriteOption) error {
	return tx.db.deleteKey(ctx, tx, key, options)
}
