package core

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revalidate"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// CacheStats counts what reads of documents by id found in Components.Cache
// since the database was opened.
type CacheStats struct {
	Hits     uint64 // the store said that the cached version is the current one
	Misses   uint64 // the document came from the store, or there is none
	Failures uint64 // the cache failed or was too slow, and was left alone for two seconds
}

// CacheStats answers zeros where there is no cache.
func (db *DB) CacheStats() (stats CacheStats) {
	if cached, ok := db.reads.Objects.(*revalidate.Store); ok {
		stats.Hits, stats.Misses, stats.Failures = cached.Stats()
	}
	return stats
}

// readers answers the registers for reads of single documents by id. Scans and
// writes go past the cache: the former would fill it with what nobody asked
// for, the latter make what it holds useless.
func (db *DB) readers() *cas.Registers {
	if db.options.Cache == nil {
		return db.registers
	}
	reads := *db.registers
	reads.Objects = &revalidate.Store{
		ObjectStore: db.store, Cache: db.options.Cache, Clock: db.options.Clock, Identity: db.identity,
	}
	return &reads
}

// identity tells this database from every other that shares a cache, where the
// same key and version may mean other bytes. The first one who asks makes it.
func (db *DB) identity(ctx context.Context) (string, error) {
	var stored struct {
		ID string `json:"id"`
	}
	state, err := db.registers.Update(ctx, layout.IdentityKey, func(current cas.State) ([]byte, revision.Revision, error) {
		if current.Exists {
			return nil, 0, cas.ErrKeep
		}
		rev := db.registers.NextRevision(current)
		stored.ID = newID(db.options.Clock, db.options.Random)
		members, err := json.Marshal(stored)
		if err != nil {
			return nil, 0, err
		}
		return document.Compose(rev, 0, members), rev, nil
	})
	if err != nil {
		return "", err
	}
	d, err := document.Parse(state.Body, true)
	if err == nil {
		err = json.Unmarshal(d.Members, &stored)
	}
	if err == nil && stored.ID == "" {
		err = fmt.Errorf("it has no id")
	}
	if err != nil {
		return "", fmt.Errorf("identity of the database: %w: %w: %s", ports.ErrCorrupt, err, layout.IdentityKey)
	}
	return stored.ID, nil
}
