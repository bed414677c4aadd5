package simple_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/smarterbase/smarterbase/simple"
)

// Connect reads the environment and says what it found.
func ExampleConnect() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.Setenv("DATA_PATH", folder); err != nil {
		panic(err)
	}
	defer func() { _ = os.Unsetenv("DATA_PATH") }()
	// The example leaves out what differs from run to run.
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, "store", "index":
			return slog.Attr{}
		}
		return a
	}}))
	db, err := simple.Connect(context.Background(), simple.WithLogger(logger))
	if err != nil {
		panic(err)
	}
	fmt.Println(db.Close())
	// Output:
	// level=INFO msg="smarterbase: connecting" found=DATA_PATH
	// <nil>
}
