package main

import (
	"io"
	"net"
	"sort"
	"sync"
	"time"
)

// Small messages, each connection waits for the answer before it sends the next one.
func echoes() map[string]any {
	connections := make([]net.Conn, *count)
	for index := range connections {
		connections[index] = connect(echo)
	}
	from := time.Now().Add(*warmup)
	end := from.Add(*lasts)
	var all []float64
	var lock sync.Mutex
	var callers sync.WaitGroup
	for _, connection := range connections {
		callers.Add(1)
		go func() {
			defer callers.Done()
			defer connection.Close()
			took := exchange(connection, from, end)
			lock.Lock()
			all = append(all, took...)
			lock.Unlock()
		}()
	}
	callers.Wait()
	sort.Float64s(all)
	return map[string]any{"p50": quantile(all, 50), "p99": quantile(all, 99), "messages": len(all)}
}

// Microseconds of each exchange that began within the time.
func exchange(connection net.Conn, from, end time.Time) []float64 {
	message := make([]byte, messageSize)
	var took []float64
	for began := time.Now(); began.Before(end); began = time.Now() {
		_, err := connection.Write(message)
		must(err)
		_, err = io.ReadFull(connection, message)
		must(err)
		if began.After(from) {
			took = append(took, float64(time.Since(began).Nanoseconds())/1e3)
		}
	}
	return took
}

func quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}
