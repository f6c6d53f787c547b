"""Stored data as files for others: Parquet or CSV, with a manifest that proves them whole."""
