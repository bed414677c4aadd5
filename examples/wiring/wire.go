//go:build wireinject

package main

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/bolt/boltwire"
	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/encryption/encryptionwire"
	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/fs/fswire"
	"github.com/smarterbase/smarterbase/adapters/memory/memorywire"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/adapters/redis/rediswire"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/adapters/s3/s3wire"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/core/corewire"
)

// inMemory is for tests.
func inMemory(context.Context, core.Settings) (*core.DB, func(), error) {
	panic(wire.Build(memorywire.Set, corewire.Set))
}

// onFiles needs no server.
func onFiles(context.Context, fswire.Root, fs.Options, boltwire.Path, bolt.Options, core.Settings) (*core.DB, func(), error) {
	panic(wire.Build(fswire.Set, boltwire.Set, corewire.Set))
}

// onServers keeps encrypted documents in S3 and indexes in Redis.
func onServers(context.Context, s3.Config, encryptionwire.Keys, encryption.Options, redis.Config, core.Settings) (*core.DB, func(), error) {
	panic(wire.Build(s3wire.Open, inner, encryptionwire.Set, rediswire.Set, corewire.Set))
}
