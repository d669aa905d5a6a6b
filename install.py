"""Builds .venv from the hashed locks: `python3 install.py [--dev] [--without-uv]`, which `make` calls.

This first file must be understood by every Python there is, so that a too old one is told so and not met with a
syntax error. Everything else is in embedded/installation.py.
"""

import sys

OLDEST = (3, 11)
NEWEST = (3, 13)  # the newest for which every package of the lock is built

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        "This is Python %d.%d; Second Read needs %d.%d to %d.%d. Install one and name it: PYTHON=python3.12 make run"  # noqa: UP031
        % (sys.version_info[:2] + OLDEST + NEWEST)
    )

from embedded import installation  # noqa: E402  only now do we know that this Python can read it

sys.exit(installation.main(sys.argv[1:]))
