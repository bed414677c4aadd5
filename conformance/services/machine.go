package services

// machine is a server that can be started and ended many times: a process or
// a container. Its port and data stay the same. Methods are not called
// concurrently.
type machine interface {
	// start returns when the program runs, which is before it answers.
	start() error
	// kill ends it like a power cut; stop lets it finish. Both return when it
	// is gone, and are harmless if it was.
	kill() error
	stop() error
	// pause halts it, its connections stay open; resume lets it go on.
	pause() error
	resume() error
	// erase removes the data of a machine that does not run.
	erase() error
	// exited is closed when the program that was started last has ended.
	exited() <-chan struct{}
	// said returns the end of what it printed.
	said() string
	// remove ends it and removes everything it had.
	remove() error
}
