"""Which devices are in service, armed, and ours to write to; and what people put in the place of values."""
