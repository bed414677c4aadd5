// Command images builds the images of the test servers for the Docker engine
// of this machine, out of the programs in the tool cache and on PATH. It needs
// no registry, and leaves alone what is there.
package main
