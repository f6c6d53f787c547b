"""Carrying the engine's state over: to a restarted gateway, or to a changed configuration."""
