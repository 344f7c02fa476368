// Every call of Toxiproxy's own client for Go, made once on the server at os.Args[1]; os.Args[2:4] are free addresses, os.Args[4] an upstream.
// Prints a line of JSON for each: the call, and what came back or the error as the client words it.
package main

import (
	"encoding/json"
	"os"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

type line struct {
	Call   string `json:"call"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

func say(call string, result any, err error) {
	if err != nil {
		result = nil
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if encodeErr := json.NewEncoder(os.Stdout).Encode(line{call, result, text}); encodeErr != nil {
		panic(encodeErr)
	}
}

// must gives up when even what the rest builds on fails.
func must[T any](call string, value T, err error) T {
	say(call, value, err)
	if err != nil {
		os.Exit(1)
	}
	return value
}

func main() {
	url, first, second, upstream := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	client := toxiproxy.NewClient(url)
	client.UserAgent = "squall-test/1"

	version, err := client.Version()
	say("Version", string(version), err)
	proxies, err := client.Proxies()
	say("Proxies, none", proxies, err)

	a, err := client.CreateProxy("a", first, upstream)
	must("CreateProxy", a, err)
	_, err = client.CreateProxy("a", first, upstream)
	say("CreateProxy, same name", nil, err)
	_, err = client.CreateProxy("b", first, upstream)
	say("CreateProxy, same address", nil, err)
	_, err = client.CreateProxy("", first, upstream)
	say("CreateProxy, no name", nil, err)
	_, err = client.CreateProxy("b", "nonsense", upstream)
	say("CreateProxy, no address", nil, err)

	b := client.NewProxy()
	b.Name, b.Listen, b.Upstream, b.Enabled = "b", second, upstream, false
	say("NewProxy, Save", b, b.Save())
	b.Upstream = "127.0.0.1:1"
	say("Save, another upstream", b, b.Save())
	say("Enable", b, b.Enable())
	say("Enable again", b, b.Enable())
	say("Disable", b, b.Disable())

	got, err := client.Proxy("a")
	say("Proxy", got, err)
	_, err = client.Proxy("nope")
	say("Proxy, unknown", nil, err)

	toxicCalls(client, a)

	populated, err := client.Populate([]toxiproxy.Proxy{
		{Name: "a", Listen: first, Upstream: upstream, Enabled: true},
		{Name: "b", Listen: second, Upstream: upstream, Enabled: true},
	})
	say("Populate", populated, err)
	_, err = client.Populate([]toxiproxy.Proxy{{Name: "c"}})
	say("Populate, upstream missing", nil, err)
	_, err = client.Populate([]toxiproxy.Proxy{})
	say("Populate, nothing", nil, err)

	_, err = a.AddToxic("", "timeout", "upstream", 1, toxiproxy.Attributes{"timeout": 1000})
	say("AddToxic before reset", nil, err)
	say("Disable before reset", nil, a.Disable())
	say("ResetState", nil, client.ResetState())
	proxies, err = client.Proxies()
	say("Proxies after reset", proxies, err)

	say("Delete", nil, a.Delete())
	say("Delete again", nil, a.Delete())
	say("Delete the other", nil, b.Delete())
	proxies, err = client.Proxies()
	say("Proxies at the end", proxies, err)
}

func toxicCalls(client *toxiproxy.Client, a *toxiproxy.Proxy) {
	types := []struct {
		name       string
		attributes toxiproxy.Attributes
	}{
		{"latency", toxiproxy.Attributes{"latency": 100, "jitter": 10}},
		{"bandwidth", toxiproxy.Attributes{"rate": 1000}},
		{"slow_close", toxiproxy.Attributes{"delay": 100}},
		{"timeout", toxiproxy.Attributes{"timeout": 100}},
		{"reset_peer", toxiproxy.Attributes{"timeout": 100}},
		{"slicer", toxiproxy.Attributes{"average_size": 64, "size_variation": 32, "delay": 10}},
		{"limit_data", toxiproxy.Attributes{"bytes": 1000}},
		{"noop", nil},
	}
	for _, one := range types {
		for _, stream := range []string{"upstream", "downstream"} {
			toxic, err := a.AddToxic("", one.name, stream, 0.5, one.attributes)
			say("AddToxic "+one.name+" "+stream, toxic, err)
		}
	}
	toxic, err := a.AddToxic("named", "latency", "", -1, nil)
	say("AddToxic, all left out", toxic, err)
	toxic, err = a.AddToxic("named", "latency", "", 1, nil)
	say("AddToxic, same name", toxic, err)
	toxic, err = a.AddToxic("", "nope", "", 1, nil)
	say("AddToxic, no such type", toxic, err)
	toxic, err = a.AddToxic("", "noop", "sideways", 1, nil)
	say("AddToxic, no such stream", toxic, err)
	toxic, err = a.AddToxic("", "latency", "sideways", 1, toxiproxy.Attributes{"latency": "x"})
	say("AddToxic, wrong attribute", toxic, err)
	toxic, err = a.UpdateToxic("named", -1, toxiproxy.Attributes{"jitter": 5})
	say("UpdateToxic, toxicity left out", toxic, err)
	toxic, err = a.UpdateToxic("named", 0.25, nil)
	say("UpdateToxic, toxicity alone", toxic, err)
	toxic, err = a.UpdateToxic("nope", 1, nil)
	say("UpdateToxic, unknown", toxic, err)
	toxics, err := a.Toxics()
	say("Toxics", toxics, err)
	shown, err := client.Proxy("a")
	say("Proxy with toxics", shown, err)
	say("RemoveToxic", nil, a.RemoveToxic("named"))
	say("RemoveToxic again", nil, a.RemoveToxic("named"))

	options := &toxiproxy.ToxicOptions{
		ProxyName: "a", ToxicName: "by options", ToxicType: "latency", Stream: "upstream", Toxicity: 1,
		Attributes: toxiproxy.Attributes{"latency": 1},
	}
	// The client puts names into paths as they are.
	toxic, err = client.AddToxic(options)
	say("Client.AddToxic", toxic, err)
	options.ToxicName = "latency_upstream"
	toxic, err = client.UpdateToxic(options)
	say("Client.UpdateToxic", toxic, err)
	say("Client.RemoveToxic", nil, client.RemoveToxic(options))
	say("Client.RemoveToxic again", nil, client.RemoveToxic(options))
	options.ProxyName = "nope"
	toxic, err = client.AddToxic(options)
	say("Client.AddToxic, unknown proxy", toxic, err)
	toxic, err = client.UpdateToxic(options)
	say("Client.UpdateToxic, unknown proxy", toxic, err)
	say("Client.RemoveToxic, unknown proxy", nil, client.RemoveToxic(options))
}
