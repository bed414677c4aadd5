package minio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

// Put makes one request, with a checksum that the server verifies.
func (s *bucket) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	name, err := s.enter(ctx, "put", key)
	if err != nil {
		return "", err
	}
	defer s.gate.Leave()
	return s.put(ctx, "put", key, name, data, cond)
}

func (s *bucket) put(ctx context.Context, op, key, name string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := checkPut(op, key, data, cond); err != nil {
		return "", err
	}
	body := &payload{left: data}
	done, err := s.core.PutObject(ctx, s.name, name, body, int64(len(data)), "", sumOf(data), putOptions(key, cond))
	unsent := body.end()
	if err != nil {
		_, matched := cond.Version()
		return "", s.fail(ctx, attempt{op: op, key: key, stage: writing, unsent: unsent, matched: matched}, err)
	}
	return made(op, key, done)
}

// checkPut refuses what need not be sent: too much, or a condition that no
// object can meet.
func checkPut(op, key string, data []byte, cond ports.Condition) error {
	if len(data) > maxObjectSize {
		return ports.Fail(op, key, ports.ErrTooLarge, fmt.Errorf("%d bytes, more than %d", len(data), maxObjectSize))
	}
	if version, matches := cond.Version(); matches && !isETag(version) {
		return ports.Fail(op, key, ports.ErrPrecondition, nil)
	}
	return nil
}

// made is the version that a write made.
func made(op, key string, done sdk.UploadInfo) (ports.Version, error) {
	if done.ETag == "" {
		return "", ports.Fail(op, key, ports.ErrUnknown, errNoETag)
	}
	return ports.Version(done.ETag), nil
}

// putOptions are the headers of a write.
func putOptions(key string, cond ports.Condition) (opts sdk.PutObjectOptions) {
	opts.DisableContentSha256 = true // of chunks: the one of the whole body is sent
	if strings.HasSuffix(key, ".json") {
		opts.ContentType = "application/json"
	}
	if version, matches := cond.Version(); matches {
		opts.SetMatchETag(string(version))
	} else if cond.IsAbsent() {
		opts.SetMatchETagExcept("*")
	}
	return opts
}

// sumOf lets the server verify what arrives, also over plain http.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
