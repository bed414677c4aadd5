package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/smarterbase/smarterbase/conformance/services"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := services.BuildImages(ctx, os.Stdout)
	services.Stop()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1) //nolint:forbidigo // a program ends with a status
	}
}
