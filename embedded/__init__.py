"""The embedded default: real PostgreSQL and a real Redis-protocol broker on one machine, with nothing to install.

`python -m embedded run` starts everything; `python -m embedded exec -- COMMAND` lends the two servers to a command.
Knows nothing of the application but its commands (`manage.py`, the Procfile) and its environment variables.
"""
