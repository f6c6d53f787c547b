"""Compiled work on bytes: telemetry lines and what is kept of them. Arrays in, arrays out."""
