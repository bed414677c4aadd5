//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// List implements ports.ObjectStore. It reads only the folders that can hold
// what is asked for, each as it is reached, and keeps the names of those on the
// way from the root. With KeysOnly no file is looked at.
func (s *Store) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		err := s.inside(ctx, "list", opts.Prefix, func() error {
			(&listing{store: s, ctx: ctx, opts: opts, yield: yield}).run()
			return nil
		})
		if err != nil {
			yield(ports.ObjectInfo{}, err)
		}
	}
}

// listing is one walk.
type listing struct {
	store *Store
	ctx   context.Context
	opts  ports.ListOptions
	yield func(ports.ObjectInfo, error) bool
	count int // yielded so far
}

// run starts at the folder that the prefix names. No key has a prefix that no
// valid key can have, so then there is nothing to look for.
func (l *listing) run() {
	s := l.store
	above, _ := splitPath(l.opts.Prefix)
	switch {
	case above != "" && ports.ValidateKey(above) == nil:
		l.walk(s.tree.root, s.names.folder(above), above+"/")
	case above == "" && !strings.HasPrefix(l.opts.Prefix, "/"):
		l.walk(s.tree.root, ".", "")
	}
}

// child is a folder or object in a folder.
type child struct {
	key    string // with "/" at the end for a folder, which puts it in order
	path   string // below the folder; has a "/" only where a name was cut
	folder bool
}

// walk yields the objects in the folder at path below an open one, and in all
// below it; false means stop.
func (l *listing) walk(at int, path, prefix string) bool {
	dir, err := l.store.tree.folderAt(at, path, openFolderFlags)
	if errors.Is(err, unix.ENOENT) {
		return true
	}
	if err != nil {
		return l.stop(prefix, during("open folder", err))
	}
	defer dir.close()
	children, err := l.children(nil, dir, prefix, "")
	if err != nil {
		return l.stop(prefix, err)
	}
	slices.SortFunc(children, func(a, b child) int { return strings.Compare(a.key, b.key) })
	for _, c := range children {
		if err := contextDone(l.ctx); err != nil {
			return l.stop(prefix, err)
		}
		if c.folder {
			if !l.walk(dir.fd, c.path, c.key) {
				return false
			}
		} else if !l.object(dir, c) {
			return false
		}
	}
	return true
}

// object yields one object, unless it is gone by now.
func (l *listing) object(dir folder, c child) bool {
	info := ports.ObjectInfo{Key: c.key}
	if !l.opts.KeysOnly {
		found, err := l.examine(dir, c)
		if errors.Is(err, errNotFile) { // became something else just now
			return true
		}
		if err != nil {
			return l.stop(info.Key, err)
		}
		if !found.exists {
			return true
		}
		info = found.info(info.Key)
	}
	l.count++
	return l.yield(info, nil) && (l.opts.Limit <= 0 || l.count < l.opts.Limit)
}

// examine looks at the file itself. Where the name was cut, it goes by the
// folders of the parts, and follows no link there either.
func (l *listing) examine(dir folder, c child) (state, error) {
	above, name := splitPath(c.path)
	if above == "" {
		return l.store.versions.stateAt(dir.fd, name)
	}
	inner, err := l.store.tree.folderAt(dir.fd, above, searchFlags)
	if errors.Is(err, unix.ENOENT) {
		return state{}, nil
	}
	if err != nil {
		return state{}, during("open folder", err)
	}
	defer inner.close()
	return l.store.versions.stateAt(inner.fd, name)
}

// stop yields the failure that ends the walk.
func (l *listing) stop(key string, err error) bool {
	l.yield(ports.ObjectInfo{}, fail("list", key, err))
	return false
}

// children appends what a folder holds of what is asked for. head is the part
// of their names that comes before, where names were cut.
func (l *listing) children(to []child, dir folder, prefix, head string) ([]child, error) {
	entries, err := readEntries(dir.fd)
	if err != nil {
		return nil, during("read folder", err)
	}
	to = slices.Grow(to, len(entries))
	for _, e := range entries {
		kind, err := e.kindIn(dir.fd)
		if err != nil {
			return nil, during("stat", err)
		}
		switch {
		case kind == kindFolder && strings.HasSuffix(e.name, markMore):
			to, err = l.rest(to, dir, e.name, prefix, head)
			if err != nil {
				return nil, err
			}
		case kind == kindFolder || kind == kindFile:
			path := join(head, e.name)
			segment, ok := l.store.names.read(path, kind == kindFolder, prefix == "")
			if !ok {
				continue
			}
			if c := (child{prefix + segment, path, kind == kindFolder}); l.wants(c) {
				to = append(to, c)
			}
		}
	}
	return to, nil
}

// rest appends the children whose names begin with that of a folder.
func (l *listing) rest(to []child, at folder, name, prefix, head string) ([]child, error) {
	dir, err := l.store.tree.folderAt(at.fd, name, openFolderFlags)
	if errors.Is(err, unix.ENOENT) {
		return to, nil
	}
	if err != nil {
		return nil, during("open folder", err)
	}
	defer dir.close()
	return l.children(to, dir, prefix, join(head, name))
}

// wants reports whether c is asked for, or may have something below it that is.
func (l *listing) wants(c child) bool {
	o := &l.opts
	switch {
	case len(c.key) > ports.MaxKeyBytes, o.EndBefore != "" && c.key >= o.EndBefore:
		return false
	case c.folder:
		return (strings.HasPrefix(c.key, o.Prefix) || strings.HasPrefix(o.Prefix, c.key)) &&
			(c.key > o.StartAfter || strings.HasPrefix(o.StartAfter, c.key))
	}
	return strings.HasPrefix(c.key, o.Prefix) && c.key > o.StartAfter
}

// join is path.Join for what is clean already, and may be empty.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
