"""Dashboards for Grafana, made from a site's configuration."""
