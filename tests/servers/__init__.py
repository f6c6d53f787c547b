"""Servers that we did not write, or that misbehave on purpose, for the driver tests."""
