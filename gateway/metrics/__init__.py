"""Figures of a running service for Prometheus, and whether it is well."""
