// Pause is what holds a pod's namespaces: it sleeps until it is told to end, and collects the exit codes of
// processes whose parents left them behind.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if os.Getpid() != 1 {
		// In a pod that shares its process namespace this is the first process; anywhere else it has no use.
		fmt.Fprintln(os.Stderr, "pause: warning: this should be the first process of a pod")
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			fmt.Fprintf(os.Stderr, "pause: ending after %v\n", received)
			return
		}
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.EINTR {
				continue
			}
			if pid <= 0 || err != nil {
				break
			}
		}
	}
}
