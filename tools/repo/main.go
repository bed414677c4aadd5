package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// command is one thing that the program does.
type command struct {
	name    string
	usage   string // flags and arguments
	summary string
	run     func(r *repository, args []string) error
}

// errFailed ends the program with status 1 after everything was reported.
var errFailed = errors.New("failed")

// commands lists what the program can do, in the order of its help.
func commands() []command {
	list := []command{
		{"check", "", "run every check below, report all findings", runCheck},
		{"test", "[-m modules] [go test flags]", "run the tests of every module", runTest},
		{"fuzz", "[-m modules] [-time 10s]", "run every fuzz function for a while", runFuzz},
		{"release-check", "[-keep]", "build and run consumers of the modules as released", runReleaseCheck},
		{"each", "[-m modules] command…", "run a command in every module, GOWORK=off", runEach},
		{"tool", "name", "build a pinned program, print its path", runTool},
		{"replace", "[-check]", "keep requirements and replacements of siblings, and go.work", runReplace},
		{"tidy", "", "replace, then go mod tidy in every module", runTidy},
		{"deps", "[-write]", "compare foreign modules with the allow-lists in deps/", runDeps},
		{"budgets", "[-v]", "sizes of files and functions, file names, comment share", runBudgets},
	}
	for _, c := range checks() {
		if !has(list, c.name) {
			list = append(list, command{c.name, "", c.summary, c.command})
		}
	}
	return list
}

func has(list []command, name string) bool {
	for _, c := range list {
		if c.name == name {
			return true
		}
	}
	return false
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("repo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "folder that holds modules.txt")
	flags.Usage = func() { printUsage(stderr) }
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		if err == nil {
			flags.Usage()
		}
		return 2
	}
	if err := dispatch(*root, flags.Args(), stdout); err != nil {
		if !errors.Is(err, errFailed) {
			_, _ = fmt.Fprintln(stderr, "repo:", err)
		}
		return 1
	}
	return 0
}

func dispatch(root string, args []string, stdout io.Writer) error {
	for _, c := range commands() {
		if c.name == args[0] {
			r, err := openRepository(root, stdout)
			if err != nil {
				return err
			}
			return c.run(r, args[1:])
		}
	}
	return fmt.Errorf("there is no such command: %s", args[0])
}

// parseFlags reads the flags of a command and returns its other arguments.
func parseFlags(name string, args []string, define func(*flag.FlagSet)) ([]string, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	define(flags)
	err := flags.Parse(args)
	return flags.Args(), err
}

func printUsage(w io.Writer) {
	_, _ = fmt.Fprintln(w, "usage: repo [-root folder] command [flags] [arguments]")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-14s %-30s %s\n", c.name, c.usage, c.summary)
	}
}
