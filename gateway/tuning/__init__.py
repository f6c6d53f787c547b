"""Tuning: what a relay test says of a process, which settings follow, and the proposal of them."""
