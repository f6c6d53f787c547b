"""When, and everything around the plant: acquisition, streaming, history, commands, records."""
