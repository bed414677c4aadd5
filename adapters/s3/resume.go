package s3

import (
	"context"
	"errors"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// MinIO starts a page after "users/7.json" at the name "users", and counts what
// it passes over on its way: where "users-old/" has more objects than a page,
// the page is empty and is said to be the last one. A continuation token goes
// the same way once the server has lost what it kept for the token, as after a
// restart. Only a place without a folder, seen from the folder of the prefix, is
// safe to start from.

// losesPlace is true for servers that may do so.
func (b *bucket) losesPlace() bool { return b.facts.Nesting == NestingHidden }

// resume lists what begins with prefix and follows after, which begins with it:
// folder by folder, from the one that after is in.
func (w *walk) resume(ctx context.Context, prefix, after string) error {
	for base := folderOf(prefix); ; {
		folder := folderOf(after)
		within := prefix
		if len(folder) > len(prefix) {
			within = folder
		}
		if err := w.pages(ctx, within, after); err != nil || w.over || folder == base {
			return err
		}
		after = folder[:len(folder)-1] + "0" // the character after the slash
		if w.opts.EndBefore != "" && after >= w.opts.EndBefore {
			return nil
		}
		if err := w.look(ctx, after); err != nil || w.over {
			return err
		}
	}
}

// folderOf returns the part of a key up to its last slash.
func folderOf(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// look takes the object with this very key, which no page after it has.
func (w *walk) look(ctx context.Context, key string) error {
	if !validKey(key) {
		return nil
	}
	info, err := w.bucket.stat(ctx, "list", key)
	switch {
	case errors.Is(err, ports.ErrNotFound):
		return nil
	case err != nil:
		return rename(err, "list", w.opts.Prefix)
	}
	return w.take(info)
}
