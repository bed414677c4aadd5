package s3

import (
	"bytes"
	"crypto/md5" // the protocol's checksum of a body, no protection against anybody
	"encoding/base64"
	"io"
	"os"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	maxParts  = 10_000 // by the protocol
	growAfter = 1_000  // parts of one size
)

// partSize is how many bytes the part with this number, from 1, has: ten
// thousand parts of 8 MiB, and then twice as much after each thousand, are 7.8
// TiB.
func partSize(first int64, number int32) int64 {
	size := first
	for range (number - 1) / growAfter {
		if size *= 2; size >= maxPartSize {
			return maxPartSize
		}
	}
	return size
}

// part is a piece of an upload, read and ready to be sent, also again.
type part struct {
	number int32
	size   int64
	body   io.ReadSeeker
	md5    *string // where it is asked for
	free   func()
}

// partPool keeps the memory of parts between uploads.
type partPool struct {
	size int64
	pool sync.Pool
}

func (p *partPool) get() []byte {
	if buffer, ok := p.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, p.size)
}

func (p *partPool) put(buffer []byte) {
	if int64(len(buffer)) == p.size {
		p.pool.Put(&buffer)
	}
}

// inMemory makes a part of the first n bytes of a buffer of the pool.
func (p *partPool) inMemory(number int32, buffer []byte, n int, sum bool) part {
	made := part{number: number, size: int64(n), body: bytes.NewReader(buffer[:n]), free: func() { p.put(buffer) }}
	if sum {
		made.md5 = contentMD5(buffer[:n])
	}
	return made
}

// onDisk makes a part of up to size bytes of src in a temporary file. Parts that
// are greater than the first ones are there, so that memory stays bounded.
func onDisk(number int32, src *source, size int64, sum bool) (part, error) {
	file, err := os.CreateTemp("", "smarterbase-part-*")
	if err != nil {
		return part{}, ports.Fail("put", src.key, ports.ErrUnavailable, err)
	}
	made := part{number: number, body: file, free: func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}}
	hash := md5.New()
	to := io.Writer(file)
	if sum {
		to = io.MultiWriter(file, hash)
	}
	if made.size, err = io.Copy(to, io.LimitReader(src, size)); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		made.free()
		return part{}, asFailure(err, src.key)
	}
	if sum {
		text := base64.StdEncoding.EncodeToString(hash.Sum(nil))
		made.md5 = &text
	}
	return made, nil
}
