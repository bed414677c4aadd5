package minio

import (
	"errors"
	"fmt"
	"reflect"

	sdk "github.com/minio/minio-go/v7"
)

var errUnknownRetries = errors.New("this version of the SDK hides how often its client retries; use Open")

// wantSingleAttempts refuses a client that repeats requests. The SDK does not
// say what a client was made with, so this reads the field that keeps it.
func wantSingleAttempts(client *sdk.Client) error {
	attempts := reflect.ValueOf(client).Elem().FieldByName("maxRetries")
	if !attempts.IsValid() || !attempts.CanInt() {
		return errUnknownRetries
	}
	if n := attempts.Int(); n != 1 {
		return fmt.Errorf("the client makes up to %d attempts of a request; make it with minio.Options{MaxRetries: 1}", n)
	}
	return nil
}
