package main

import (
	"net"
	"sync"
	"time"
)

// As much as goes, over all connections; counted where it arrives.
func bulk() map[string]any {
	// All are open before the first one writes: with the cores busy the others would not get there.
	connections := make([]net.Conn, *count)
	for index := range connections {
		connections[index] = connect(swallow)
	}
	end := time.Now().Add(*warmup + *lasts + 200*time.Millisecond)
	var writers sync.WaitGroup
	for _, connection := range connections {
		connection.SetWriteDeadline(end)
		writers.Add(1)
		go func() {
			defer writers.Done()
			defer connection.Close()
			buffer := make([]byte, 256<<10)
			for {
				if _, err := connection.Write(buffer); err != nil {
					return
				}
			}
		}()
	}
	time.Sleep(*warmup)
	before, from := swallowed.Load(), time.Now()
	time.Sleep(*lasts)
	bytes, took := swallowed.Load()-before, time.Since(from)
	writers.Wait()
	return map[string]any{"megabytes": float64(bytes) / 1e6 / took.Seconds()}
}
