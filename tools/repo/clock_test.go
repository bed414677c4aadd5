package main

import "testing"

func TestClock(t *testing.T) {
	t.Parallel()
	runCases(t, findClock, []checkCase{
		{
			name:    "durations, sources that were handed in, tests and other modules",
			modules: []string{"core", "simple"},
			files: map[string]string{
				"core/a.go":      "package core\nimport \"time\"\nvar wait = time.Second\n",
				"core/b.go":      "package core\nimport \"math/rand/v2\"\nfunc f(s rand.Source) *rand.Rand { return rand.New(s) }\n",
				"core/a_test.go": "package core\nimport \"time\"\nvar now = time.Now()\n",
				"core/random.go": "package core\nimport \"crypto/rand\"\nvar reader = rand.Reader\n",
				"core/c.go":      "package core\nvar x = time.Now()\nvar time clock\ntype clock struct{ Now func() int }\n",
				"simple/a.go":    "package simple\nimport \"time\"\nvar now = time.Now()\n",
			},
		},
		{
			name:    "bans, under other names too",
			modules: []string{"core"},
			files: map[string]string{
				"core/a.go":     "package core\nimport \"time\"\nfunc f() {\n\ttime.Sleep(1)\n\t_ = time.Now\n}\n",
				"core/sub/b.go": "package sub\nimport clock \"time\"\nvar t = clock.NewTimer(1)\n",
				"core/c.go":     "package core\nimport . \"time\"\n",
				"core/d.go":     "package core\nimport \"math/rand/v2\"\nvar n = rand.IntN(3)\n",
				"core/e.go":     "package core\nimport \"math/rand\"\nvar n = rand.New(nil)\n",
				"core/f.go":     "package core\nimport \"crypto/rand\"\nvar r = rand.Reader\n",
				"core/g.go":     "package core\nimport \"context\"\nvar f = context.WithTimeout\n",
			},
			want: []string{
				"core/a.go:4: must not use time.Sleep: time comes from ports.Clock",
				"core/a.go:5: must not use time.Now: time comes from ports.Clock",
				"core/sub/b.go:3: must not use time.NewTimer: time comes from ports.Clock",
				"core/c.go: must not import time into its own names",
				"core/d.go:3: must not use math/rand/v2.IntN: it is one source for the whole process; chance is handed in",
				"core/e.go:3: must not use math/rand.New: use math/rand/v2 with a source that was handed in",
				"core/f.go:3: must not use crypto/rand.Reader: only the default source may use it",
				"core/g.go:3: must not use context.WithTimeout: it waits by the wall clock; time comes from ports.Clock",
			},
		},
	})
}
