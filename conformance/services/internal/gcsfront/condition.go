package gcsfront

import (
	"net/http"
	"strconv"
)

// conditions are what a request demands of an object; nil demands nothing.
type conditions struct {
	generation, notGeneration         *int64
	metageneration, notMetageneration *int64
}

// headers are the names of the conditions in the XML API.
var headers = map[string]string{
	"GenerationMatch":        "X-Goog-If-Generation-Match",
	"GenerationNotMatch":     "X-Goog-If-Generation-Not-Match",
	"MetagenerationMatch":    "X-Goog-If-Metageneration-Match",
	"MetagenerationNotMatch": "X-Goog-If-Metageneration-Not-Match",
}

// state is what an object is at one moment; the zero state is its absence.
type state struct{ generation, metageneration int64 }

// parseConditions asks value for each condition by its name in the JSON API,
// less the "if" or "ifSource" at its beginning.
func parseConditions(value func(string) string) (conditions, error) {
	var c conditions
	for name, field := range map[string]**int64{
		"GenerationMatch":        &c.generation,
		"GenerationNotMatch":     &c.notGeneration,
		"MetagenerationMatch":    &c.metageneration,
		"MetagenerationNotMatch": &c.notMetageneration,
	} {
		text := value(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return c, invalid("if" + name + " is not a number: " + text)
		}
		*field = &n
	}
	return c, nil
}

func (c conditions) empty() bool {
	return c.generation == nil && c.notGeneration == nil && c.metageneration == nil && c.notMetageneration == nil
}

// hold answers nil if the object is as demanded.
func (c conditions) hold(now state) error {
	switch {
	case c.generation != nil && *c.generation != now.generation,
		c.metageneration != nil && *c.metageneration != now.metageneration:
		return errCondition
	case c.notGeneration != nil && *c.notGeneration == now.generation,
		c.notMetageneration != nil && *c.notMetageneration == now.metageneration:
		return errNotModified
	}
	return nil
}

// The two ways in which conditions don't hold. The second one is the first
// for everything but a read.
var (
	errCondition   = &failure{http.StatusPreconditionFailed, "conditionNotMet", "At least one of the pre-conditions you specified did not hold."}
	errNotModified = &failure{status: http.StatusNotModified}
)
