//go:build programs

// The server and the command line of Toxiproxy, so that go.mod and go.sum hold all that they are built from.
package main

import (
	_ "github.com/Shopify/toxiproxy/v2/cmd/cli"
	_ "github.com/Shopify/toxiproxy/v2/cmd/server"
)
