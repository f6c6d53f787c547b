"""Compiled arithmetic: arrays in, arrays out; nothing here waits, logs or allocates."""
