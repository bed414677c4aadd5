//go:build unix && !aix && !solaris

package fs

import "context"

func runRole(context.Context, string) int { return 2 }
