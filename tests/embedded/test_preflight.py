"""What is told when a machine will not do."""

from pathlib import Path

import pytest

from embedded import preflight
from embedded.problem import Problem


def test_this_machine_will_do(tmp_path: Path) -> None:
    preflight.check(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(Problem, match=r"/proc cannot be written to .* Copy it to a folder of your own"):
        preflight.folder_is_usable(Path("/proc"))


def test_a_full_disk_is_named_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"has \d+\.\d GB left, and 1000000000.0 GB are needed. Make room there"):
        preflight.disk_has_room(tmp_path, gigabytes=1e9)


@pytest.mark.parametrize(
    ("system", "machine", "sixty_four_bit"),
    [("Darwin", "arm64", True), ("Linux", "aarch64", True), ("Linux", "x86_64", False)],
)
def test_another_kind_of_machine_is_named(system: str, machine: str, *, sixty_four_bit: bool) -> None:
    with pytest.raises(Problem, match=f"This is {system} on {machine}.*docker-compose"):
        preflight.platform_is_supported(system=system, machine=machine, sixty_four_bit=sixty_four_bit)


@pytest.mark.parametrize(("library", "version"), [("", ""), ("glibc", "2.27"), ("musl", "1.2.4")])
def test_another_c_library_is_named(library: str, version: str) -> None:
    with pytest.raises(Problem, match=r"needs glibc 2\.28 or newer"):
        preflight.c_library_is_supported(library, version)


@pytest.mark.parametrize("version", ["2.28", "2.36", "2.41"])
def test_a_newer_glibc_will_do(version: str) -> None:
    preflight.c_library_is_supported("glibc", version)


def test_an_old_processor_is_told_what_to_do() -> None:
    with pytest.raises(Problem, match=r"no AVX.*In a virtual machine"):
        preflight.processor_is_supported("flags : fpu sse sse2 ssse3 sse4_1 sse4_2\n")
