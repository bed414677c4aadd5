// Command streamer sends a long stream through encryption to an S3 server and
// reads it back, and prints how much memory that took. The tests build it
// without the race detector, which multiplies memory.
//
//	streamer -endpoint http://127.0.0.1:9000 -bucket b -mib 256
//
// The keys of the server are those of the environment.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

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
	store, err := encrypt(inner)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.(io.Closer).Close()) }()
	start, err := memory("VmRSS")
	if err != nil {
		return err
	}
	if err := stream(ctx, store.(ports.Streamer), length); err != nil {
		return err
	}
	peak, err := memory("VmHWM")
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(report{Start: start, Peak: peak})
}

// stream sends random bytes, reads them back and compares.
func stream(ctx context.Context, store ports.Streamer, length int64) error {
	sent, received := sha256.New(), sha256.New()
	source := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{7}), length), sent)
	if _, err := store.PutStream(ctx, "long.bin", source, ports.IfAbsent); err != nil {
		return err
	}
	_, body, err := store.GetStream(ctx, "long.bin", ports.GetOptions{})
	if err != nil {
		return err
	}
	n, err := io.Copy(received, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	if n != length || string(sent.Sum(nil)) != string(received.Sum(nil)) {
		return fmt.Errorf("%d bytes came back of %d, or others", n, length)
	}
	return nil
}

// memory reads a figure of this process in bytes.
func memory(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the system does not tell " + name)
}
