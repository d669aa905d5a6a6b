"""The commands of `python -m mlcore`, one a module: `add_arguments(parser)`, and `run(args)` for the exit status."""
