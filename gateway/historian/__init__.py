"""From the broker into a store, and back out of it: the historian service."""
