package gcs

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errSize  = fmt.Errorf("an object has at most %d bytes", int64(maxObjectSize))
	errNever = errors.New("the version is not a generation, so no object has it")
)

// Put uploads an object in one request, with its checksum.
func (s *bucket) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := s.enter(ctx, opPut, key); err != nil {
		return "", err
	}
	defer s.gate.Leave()
	if int64(len(data)) > maxObjectSize {
		return "", ports.Fail(opPut, key, ports.ErrTooLarge, errSize)
	}
	attrs, err := s.upload(ctx, opPut, key, data, cond)
	if err != nil {
		return "", err
	}
	return versionOf(attrs.Generation), nil
}

func (s *bucket) upload(ctx context.Context, op, key string, data []byte, cond ports.Condition) (*storage.ObjectAttrs, error) {
	object, ok := s.conditional(key, cond)
	if !ok {
		return nil, ports.Fail(op, key, ports.ErrPrecondition, errNever)
	}
	a := &attempt{bucket: s.name, op: op, key: key, cond: cond, applies: always}
	a.start(ctx)
	defer a.stop()
	w := object.NewWriter(a.ctx)
	w.ChunkSize = 0 // one request, and no buffer
	w.ContentType = contentType(key)
	w.CRC32C, w.SendCRC32C = crc32.Checksum(data, castagnoli), true
	_, err := w.Write(data)
	// Close also ends what a failed Write left: the writer is broken then.
	if closed := w.Close(); closed != nil {
		err = closed
	}
	return a.written(w, err)
}

// written checks what a writer answers after its Close.
func (a *attempt) written(w *storage.Writer, err error) (*storage.ObjectAttrs, error) {
	if err != nil {
		return nil, a.fail(err)
	}
	attrs := w.Attrs()
	if attrs == nil || attrs.Generation <= 0 {
		return nil, ports.Fail(a.op, a.key, ports.ErrUnknown, errors.New("the server answers an upload without a generation"))
	}
	return attrs, nil
}

func contentType(key string) string {
	if strings.HasSuffix(key, ".json") {
		return "application/json"
	}
	return "application/octet-stream"
}
