package main

import (
	"io"
	"os"
	"strconv"
	"syscall"
)

// Whoever started us holds the other end of a channel for as long as it lives, however it ends.
func endWithParent(end func()) {
	number, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	if err != nil {
		return
	}
	syscall.CloseOnExec(number)
	channel := os.NewFile(uintptr(number), "channel")
	go func() {
		_, _ = io.Copy(io.Discard, channel)
		end()
	}()
}
