"""What the benchmarks found on one machine: figures in docs/benchmarks.json, and the page that is made of them."""
