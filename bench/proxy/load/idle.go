package main

import (
	"io"
	"net"
)

var held []net.Conn

// Opens `count` connections, each carries one message there and back, and holds them.
func idle() map[string]any {
	message := make([]byte, messageSize)
	for range *count {
		connection := connect(echo)
		_, err := connection.Write(message)
		must(err)
		_, err = io.ReadFull(connection, message)
		must(err)
		held = append(held, connection)
	}
	return map[string]any{"open": len(held)}
}
