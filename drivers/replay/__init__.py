"""Recorded acquisition: the file that `cellgate record` writes, and the driver that plays it."""
