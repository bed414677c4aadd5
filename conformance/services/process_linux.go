package services

import "syscall"

// childAttributes makes the kernel kill the child when its parent dies, and
// keeps a Ctrl-C at the terminal away from it, so that tests can end in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// reap does nothing: the kernel did it.
func reap(string) {}
