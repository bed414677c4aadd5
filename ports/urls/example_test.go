package urls_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() {
	urls.RegisterStore("example", func(_ context.Context, u *url.URL) (ports.ObjectStore, error) {
		options, err := urls.Options(u, "region")
		if err != nil {
			return nil, err
		}
		fmt.Println("bucket", u.Host, "in", options.Get("region"))
		return nil, nil
	})
}

// An adapter registers its scheme in an init function and reads its
// parameters strictly.
func ExampleRegisterStore() {
	ctx := context.Background()
	_, err := urls.OpenStore(ctx, "example://photos?region=eu")
	fmt.Println(err)
	_, err = urls.OpenStore(ctx, "example://photos?regoin=eu")
	fmt.Println(err)
	// Output:
	// bucket photos in eu
	// <nil>
	// read URL options: invalid key: unknown parameter "regoin" (known: region): "example://photos"
}
