"""Alarms after the engine: what stands now, what was, and how well it was managed."""
