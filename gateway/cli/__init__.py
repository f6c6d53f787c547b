"""The `cellgate` command: one file a subcommand, wired together in `main`."""
