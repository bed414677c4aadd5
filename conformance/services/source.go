package services

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// source is a way to come by a server.
type source string

// The sources, in the order in which they are tried.
const (
	fromEnv    source = "env"    // an endpoint in the environment
	fromDocker source = "docker" // a container
	fromBinary source = "binary" // a process of this machine
)

// allowedSources reads SB_SERVICES, a comma-separated list of sources; unset
// or empty, it allows all. The order is always the same.
func allowedSources(value string) ([]source, error) {
	all := []source{fromEnv, fromDocker, fromBinary}
	if strings.TrimSpace(value) == "" {
		return all, nil
	}
	var named []source
	for word := range strings.SplitSeq(value, ",") {
		s := source(strings.TrimSpace(word))
		if !slices.Contains(all, s) {
			return nil, fmt.Errorf("SB_SERVICES names neither env nor docker nor binary: %q", word)
		}
		named = append(named, s)
	}
	return slices.DeleteFunc(all, func(s source) bool { return !slices.Contains(named, s) }), nil
}

// attempt tries one source.
type attempt struct {
	source source
	try    func() error
}

// firstThat tries the allowed attempts in order until one works. An endpoint
// that is set but does not answer ends the search: whoever set it wants that
// server and no other.
func firstThat(attempts ...attempt) error {
	allowed, err := allowedSources(os.Getenv("SB_SERVICES"))
	if err != nil {
		return err
	}
	var reasons []string
	for _, a := range attempts {
		if !slices.Contains(allowed, a.source) {
			continue
		}
		err := a.try()
		if err == nil {
			return nil
		}
		reasons = append(reasons, fmt.Sprintf("%s: %v", a.source, err))
		if a.source == fromEnv && !isUnset(err) {
			break
		}
	}
	if len(reasons) == 0 {
		return fmt.Errorf("SB_SERVICES=%s allows nothing that has it", os.Getenv("SB_SERVICES"))
	}
	return fmt.Errorf("%s", strings.Join(reasons, "; "))
}
