package main

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
)

// source gives the same bytes without a pattern each time.
func source(length int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{7}), length)
}

func digest(r io.Reader) (sum [sha256.Size]byte, err error) {
	hash := sha256.New()
	_, err = io.Copy(hash, r)
	return [sha256.Size]byte(hash.Sum(nil)), err
}
