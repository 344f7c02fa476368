module squall.invalid/bench/proxy

go 1.22
