"""What to do: arrays in, arrays out. No I/O, no clock, no logging."""
