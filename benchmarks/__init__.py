"""How fast the gate is, in one run on one machine: `python -m benchmarks`, or `make bench`."""
