package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// consumer is a program outside the repository that uses what was released.
// Its source is in testdata/consumer/<name>; it must end without an error.
type consumer struct {
	name     string
	requires []string // modules that a user would go get
}

// consumers are made only of released modules. Each may have no module in its
// graph but ours and those that the allow-lists of what it requires name.
var consumers = []consumer{
	{name: "files", requires: []string{"ports", "adapters/fs"}},
	{name: "core", requires: []string{"core"}},
	{name: "documents", requires: []string{"core", "adapters/fs"}},
	{name: "simple", requires: []string{"simple"}},
}

// runReleaseCheck builds and runs the consumers against a file proxy made of
// this checkout.
func runReleaseCheck(r *repository, args []string) error {
	keep := false
	_, err := parseFlags("release-check", args, func(f *flag.FlagSet) {
		f.BoolVar(&keep, "keep", false, "keep the proxy and the consumers, and say where they are")
	})
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "smarterbase-release-")
	if err != nil {
		return err
	}
	if keep {
		r.printf("kept in %s\n", work)
	} else {
		defer removeCache(work)
	}
	return r.reportOf(r.findUnusable(work))
}

// findUnusable tries every consumer and goes on after a failure.
func (r *repository) findUnusable(work string) ([]finding, error) {
	if err := r.publish(filepath.Join(work, "proxy")); err != nil {
		return nil, err
	}
	env, err := r.consumerEnv(work)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, c := range consumers {
		wrong, err := r.consume(c, shell{dir: filepath.Join(work, c.name), env: env})
		if err != nil {
			wrong = append(wrong, finding{file: "consumer " + c.name, text: err.Error()})
		}
		found = append(found, wrong...)
	}
	r.printf("%d consumers, %d findings\n", len(consumers), len(found))
	return found, nil
}

// shell runs commands in the folder of a consumer.
type shell struct {
	dir string
	env []string
}

func (s shell) run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return output(cmd)
}

// consumerEnv lets the go command see our modules through the file proxy
// alone, and those of others through the local download cache and then the
// usual proxy. The module cache is new: nothing of the checkout leaks in.
func (r *repository) consumerEnv(work string) ([]string, error) {
	said, err := output(r.command(r.root, "go", "env", "GOPROXY", "GOMODCACHE"))
	if err != nil {
		return nil, err
	}
	usual, cache, _ := strings.Cut(strings.TrimSpace(said), "\n")
	downloads := filepath.Join(cache, "cache", "download")
	proxies := []string{fileURL(filepath.Join(work, "proxy"))}
	if exists(downloads) {
		proxies = append(proxies, fileURL(downloads))
	}
	if usual != "" {
		proxies = append(proxies, usual)
	}
	return append(os.Environ(),
		"GOWORK=off",
		"GOFLAGS=-buildvcs=false -mod=mod",
		"GOPROXY="+strings.Join(proxies, ","),
		"GOMODCACHE="+filepath.Join(work, "modcache"),
		"GOPRIVATE=", "GONOPROXY=", "GOINSECURE=",
		"GONOSUMDB="+modulePrefix+"*",
	), nil
}

func fileURL(name string) string {
	return "file://" + strings.TrimSuffix("/"+strings.TrimPrefix(filepath.ToSlash(name), "/"), "/")
}

// consume does what a new user does, and then looks at what that user got.
func (r *repository) consume(c consumer, sh shell) ([]finding, error) {
	if err := os.CopyFS(sh.dir, os.DirFS(r.file("tools/repo/testdata/consumer", c.name))); err != nil {
		return nil, err
	}
	if err := r.pinSums(sh.dir); err != nil {
		return nil, err
	}
	program := filepath.Join(sh.dir, "program")
	var said string
	for _, step := range [][]string{
		{"go", "mod", "init", "example.com/" + c.name},
		append([]string{"go", "get"}, r.released(c.requires)...),
		{"go", "build", "-o", program, "."},
		{program, filepath.Join(sh.dir, "data")},
	} {
		var err error
		if said, err = sh.run(step[0], step[1:]...); err != nil {
			return nil, err
		}
	}
	graph, err := sh.run("go", "list", "-m", "all")
	if err != nil {
		return nil, err
	}
	r.printf("== %s: %s, program of %.1f MB, said:\n%s", c.name, strings.Join(c.requires, " + "), megabytes(program), indent(said))
	r.printf("   modules:\n%s", indent(graph))
	return r.foreignInGraph(c, graph)
}

func megabytes(name string) float64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return float64(info.Size()) / 1e6
}

// pinSums gives a consumer the checksums that the repository has for modules
// of others, so that they are verified without the checksum database.
func (r *repository) pinSums(dir string) error {
	var lines []string
	for _, m := range r.modules {
		data, err := os.ReadFile(r.file(m.path, "go.sum"))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(data)), "\n")...)
	}
	slices.Sort(lines)
	text := strings.TrimSpace(strings.Join(slices.Compact(lines), "\n")) + "\n"
	return os.WriteFile(filepath.Join(dir, "go.sum"), []byte(text), 0o644)
}

// released returns the arguments of go get.
func (r *repository) released(folders []string) []string {
	var list []string
	for _, m := range r.modules {
		if slices.Contains(folders, m.path) {
			list = append(list, m.importPath()+"@"+m.version)
		}
	}
	return list
}

// foreignInGraph compares a consumer's go list -m all with the allow-lists.
func (r *repository) foreignInGraph(c consumer, graph string) ([]finding, error) {
	allowed, err := r.allowedTogether(c.requires)
	var found []finding
	for line := range strings.Lines(graph) {
		p, _, isVersioned := strings.Cut(strings.TrimSpace(line), " ")
		if isVersioned && !strings.HasPrefix(p, modulePrefix) && !slices.Contains(allowed, p) {
			found = append(found, finding{file: "consumer " + c.name, text: "its user gets a module that deps/ does not allow: " + p})
		}
	}
	return found, err
}

// allowedTogether returns the foreign modules that some modules may bring.
func (r *repository) allowedTogether(folders []string) ([]string, error) {
	var allowed []string
	for _, folder := range folders {
		lines, err := r.allowed(module{path: folder})
		if err != nil {
			return nil, err
		}
		for _, line := range lines {
			_, p, _ := strings.Cut(line, " ")
			allowed = append(allowed, p)
		}
	}
	return allowed, nil
}

func indent(text string) string {
	return "   " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n   ") + "\n"
}

// removeCache deletes a folder with a module cache in it, whose files are
// read-only.
func removeCache(work string) {
	_ = filepath.WalkDir(work, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o755)
		}
		return nil
	})
	_ = os.RemoveAll(work)
}
