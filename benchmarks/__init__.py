"""Benchmarks: ratios measured side by side in one run. Run them with `make bench`."""
