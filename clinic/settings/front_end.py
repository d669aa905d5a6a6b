"""Where the site finds what pages load: our own files, and those of the packages in front-end/."""

import sys
from pathlib import Path

FRONT_END = Path(sys.prefix) / "front-end"
"""Filled by `embedded.front_end` when the Python packages are installed, in the same folder as these."""

PUBLISHED = FRONT_END / "static"
