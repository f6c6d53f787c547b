"""The completeness ledger: what is stored of a stretch of time, what is missing of it, and why."""
