"""What machine this is, which version is measured, and what else keeps it busy."""

import os
import platform
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def described() -> dict[str, str]:
    """The machine, a line each."""
    return {
        "CPU": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.1f} GiB",
        "kernel": platform.release(),
        "Python": platform.python_version(),
    }


def processor() -> str:
    """The model that the kernel names."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def load() -> float:
    """How many processes were running or waiting to, in the last minute."""
    return os.getloadavg()[0]


def commit() -> str:
    """The version that is measured, and whether files differ from it; empty outside of a checkout."""
    described = ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    done = subprocess.run(described, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
