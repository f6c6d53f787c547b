"""What the states and counters of a PackML machine say: stops, effectiveness, fill weights. Pure."""
