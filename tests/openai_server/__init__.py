"""A loopback HTTP server that speaks OpenAI's API, with faults on demand, for tests and benchmarks."""
