"""Continuity: the state of control over a restart, a changed configuration, and on record."""
