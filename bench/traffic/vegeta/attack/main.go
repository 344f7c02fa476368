// An open-loop load by vegeta's library. Prints the latencies (ms) after the first second, exact, not estimated.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

type report struct {
	Latencies []float64 `json:"latencies"`
	Failed    int       `json:"failed"`
}

func main() {
	url := flag.String("url", "", "target")
	rate := flag.Int("rate", 500, "requests per second")
	duration := flag.Duration("duration", 5*time.Second, "length, the discarded first second included")
	flag.Parse()
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: *url})
	attacker := vegeta.NewAttacker(vegeta.Timeout(10*time.Second), vegeta.Redirects(vegeta.NoFollow))
	out := report{Latencies: []float64{}}
	began := time.Now()
	for result := range attacker.Attack(targeter, vegeta.Rate{Freq: *rate, Per: time.Second}, *duration, "bench") {
		if result.Timestamp.Sub(began) < time.Second {
			continue
		}
		out.Latencies = append(out.Latencies, float64(result.Latency.Nanoseconds())/1e6)
		if result.Code != 200 {
			out.Failed++
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
}
