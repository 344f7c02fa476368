package main

import (
	"io"
	"net"
	"sync/atomic"
)

// What callers say first: how the sink shall treat the connection.
const (
	swallow = 'B'
	echo    = 'E'
)

// Size of an echoed message, bytes.
const messageSize = 64

var swallowed atomic.Int64

// The service behind the proxy.
func serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go treat(connection)
	}
}

func treat(connection net.Conn) {
	defer connection.Close()
	kind := make([]byte, 1)
	if _, err := io.ReadFull(connection, kind); err != nil {
		return
	}
	if kind[0] == echo {
		message := make([]byte, messageSize)
		for {
			if _, err := io.ReadFull(connection, message); err != nil {
				return
			}
			if _, err := connection.Write(message); err != nil {
				return
			}
		}
	}
	buffer := make([]byte, 256<<10)
	for {
		count, err := connection.Read(buffer)
		swallowed.Add(int64(count))
		if err != nil {
			return
		}
	}
}
