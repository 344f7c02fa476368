// The load of the bench and the service behind the proxies: one measurement a process, its result one line of JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

var (
	measure = flag.String("measure", "", "bulk, echo, open or idle")
	to      = flag.String("to", "", "address that is connected to")
	sink    = flag.String("sink", "", "address that the service listens at")
	count   = flag.Int("count", 1, "connections")
	lasts   = flag.Duration("lasts", time.Second, "how long is measured, after the warm-up")
	warmup  = flag.Duration("warmup", 300*time.Millisecond, "how long before")
)

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", *sink)
	must(err)
	go serve(listener)
	measures := map[string]func() map[string]any{"bulk": bulk, "echo": echoes, "open": opens, "idle": idle}
	chosen, ok := measures[*measure]
	if !ok {
		must(fmt.Errorf("no measure %q", *measure))
	}
	must(json.NewEncoder(os.Stdout).Encode(chosen()))
	if *measure == "idle" {
		// Held until the one who asked has looked.
		os.Stdin.Read(make([]byte, 1))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect(kind byte) net.Conn {
	connection, err := net.DialTimeout("tcp", *to, 10*time.Second)
	must(err)
	_, err = connection.Write([]byte{kind})
	must(err)
	return connection
}
