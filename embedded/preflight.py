"""What a machine must have, checked before anything is installed: one plain line for each thing that is missing.

Only the standard library is there yet.
"""

import platform
import shutil
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

from embedded.problem import Problem

OLDEST_GLIBC = (2, 28)  # the wheels are manylinux_2_28
ROOM_TO_INSTALL = 4.0  # GB: the packages take 2.3; downloads and caches come on top
ROOM_TO_RUN = 0.5  # GB
GIGABYTE = 1e9


def platform_is_supported(*, system: str, machine: str, sixty_four_bit: bool) -> None:
    """The servers and the machine learning come as programs for one kind of machine."""
    if (system, machine, sixty_four_bit) != ("Linux", "x86_64", True):
        raise Problem(
            f"This is {system} on {machine}; Second Read runs on 64-bit Linux on x86-64. "
            "Elsewhere, use docker-compose.yml."
        )


def c_library_is_supported(library: str, version: str) -> None:
    """The programs are linked to one C library."""
    if library != "glibc" or tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        raise Problem(
            f"This Linux has {library or 'another C library'} {version}; Second Read needs glibc 2.28 or newer "
            "(Debian 10, Ubuntu 20.04, RHEL 8 and later; not Alpine)."
        )


def processor_is_supported(description: str) -> None:
    """TensorFlow is built for processors of the last ten years; on others it dies without a word."""
    if "avx" not in description.split():
        raise Problem(
            "This processor has no AVX, which TensorFlow needs. In a virtual machine, choose the processor type 'host'."
        )


def python_is_supported() -> None:
    """The version is checked in install.py, which every Python understands."""
    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise Problem("Second Read needs the usual CPython, with its lock. Name one: PYTHON=python3.12 make run")
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        wanted = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Problem(f"This Python cannot make virtual environments. Install that part: apt install {wanted}")


def folder_is_usable(folder: Path) -> None:
    """We write to it, and PostgreSQL insists on a data folder that nobody else can read."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".probe-") as probe:
            private = Path(probe).stat().st_mode & 0o077 == 0
    except OSError as error:
        raise Problem(
            f"{folder} cannot be written to ({error.strerror}). Copy it to a folder of your own and run it there."
        ) from None
    if not private:
        raise Problem(
            f"{folder} is on a file system without permissions, such as a Windows drive. Copy it into your home folder."
        )


def disk_has_room(folder: Path, *, gigabytes: float) -> None:
    """Whether `folder` has that much left."""
    free = shutil.disk_usage(folder).free / GIGABYTE
    if free < gigabytes:
        raise Problem(f"{folder} has {free:.1f} GB left, and {gigabytes:.1f} GB are needed. Make room there.")


def check(folder: Path) -> None:
    """Raise Problem for the first thing that is missing."""
    platform_is_supported(system=platform.system(), machine=platform.machine(), sixty_four_bit=sys.maxsize > 2**32)
    c_library_is_supported(*platform.libc_ver())
    python_is_supported()
    processor_is_supported(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"))
    folder_is_usable(folder)
    disk_has_room(folder, gigabytes=ROOM_TO_RUN)
