package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/ports"
)

func main() {
	endpoint := flag.String("endpoint", "", "URL of the server")
	bucket := flag.String("bucket", "", "bucket")
	mib := flag.Int64("mib", 256, "length of the stream")
	flag.Parse()
	if err := run(context.Background(), s3.Config{Endpoint: *endpoint, Bucket: *bucket, Region: "us-east-1"}, *mib<<20); err != nil {
		fmt.Fprintln(os.Stderr, "streamer:", err)
		os.Exit(1)
	}
}

// report is what the program prints, in bytes.
type report struct{ Start, Peak int64 }

func run(ctx context.Context, config s3.Config, length int64) (err error) {
	inner, err := s3.Open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inner.Close()) }()
	store, err := encrypt(inner)
	if err != nil {
		return err
	}
	r, err := measure(ctx, store.(ports.Streamer), length)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// measure sends a stream and reads it back.
func measure(ctx context.Context, store ports.Streamer, length int64) (r report, err error) {
	if r.Start, err = memory("VmRSS"); err != nil {
		return r, err
	}
	if err = roundTrip(ctx, store, length); err != nil {
		return r, err
	}
	r.Peak, err = memory("VmHWM")
	return r, err
}

func roundTrip(ctx context.Context, store ports.Streamer, length int64) error {
	if _, err := store.PutStream(ctx, "long.bin", source(length), ports.IfAbsent); err != nil {
		return err
	}
	_, body, err := store.GetStream(ctx, "long.bin", ports.GetOptions{})
	if err != nil {
		return err
	}
	return errors.Join(same(body, source(length)), body.Close())
}

// same compares two readers in constant memory.
func same(a, b io.Reader) error {
	sumA, errA := digest(a)
	sumB, errB := digest(b)
	if sumA != sumB {
		return errors.Join(errors.New("other bytes came back"), errA, errB)
	}
	return errors.Join(errA, errB)
}
