package main

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Connect, one message there and back, close: so many times a second, by `count` callers.
func opens() map[string]any {
	from := time.Now().Add(*warmup)
	end := from.Add(*lasts)
	var opened atomic.Int64
	var callers sync.WaitGroup
	for range *count {
		callers.Add(1)
		go func() {
			defer callers.Done()
			message := make([]byte, messageSize)
			for time.Now().Before(end) {
				connection := connect(echo)
				_, err := connection.Write(message)
				must(err)
				_, err = io.ReadFull(connection, message)
				must(err)
				connection.Close()
				if now := time.Now(); now.After(from) && now.Before(end) {
					opened.Add(1)
				}
			}
		}()
	}
	callers.Wait()
	return map[string]any{"perSecond": float64(opened.Load()) / lasts.Seconds()}
}
