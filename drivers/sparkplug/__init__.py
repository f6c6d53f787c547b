"""Sparkplug B 3.0: the payloads, which the stream's edge node shares, and devices as inputs."""
