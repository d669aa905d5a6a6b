"""Thousands of damaged and lying files: each is read or refused, and none brings the process down."""

import os
import signal

from tests.mutations import ANYWHERE, OF_FORMAT, mutant
from tests.mutations.decoding import all_read
from tests.mutations.originals import ORIGINALS

COUNT = 1_000
SEED = 3
FIRST_FIFTY = range(50)


def test_it_reads_or_refuses_whatever_is_sent() -> None:
    told = list(all_read(range(COUNT), seed=SEED))
    assert [one.number for one in told] == list(range(COUNT))
    assert [one for one in told if one.is_defect] == []
    assert {"read", "not_an_image", "truncated", "too_many_pixels"} <= {one.outcome for one in told}


def test_a_file_is_always_the_same_for_its_number() -> None:
    assert [mutant(number, seed=SEED) for number in FIRST_FIFTY] == [
        mutant(number, seed=SEED) for number in FIRST_FIFTY
    ]
    assert len({mutant(number, seed=SEED).content for number in FIRST_FIFTY}) == len(FIRST_FIFTY)
    assert mutant(1, seed=SEED) != mutant(1, seed=SEED + 1)


def test_every_format_and_every_change_comes() -> None:
    files = [mutant(number, seed=SEED) for number in range(COUNT)]
    assert {one.original for one in files} == set(ORIGINALS)
    ways = set(ANYWHERE).union(*OF_FORMAT.values())
    assert {way for one in files for way in one.mutations} == ways


def test_a_file_that_ends_the_process_is_named_and_the_next_ones_are_read() -> None:
    culprit = mutant(7, seed=SEED).content

    def read(data: bytes) -> str:
        if data == culprit:
            os.kill(os.getpid(), signal.SIGKILL)  # as a decoder that reads where it must not
        return "read"

    told = list(all_read(range(10), seed=SEED, read=read))
    assert [one.number for one in told] == list(range(10))
    assert [(one.number, one.outcome) for one in told if one.is_defect] == [(7, "the process ended by SIGKILL")]


def test_an_error_of_another_kind_is_a_defect() -> None:
    def read(data: bytes) -> str:
        raise OverflowError("too far")

    told = list(all_read(range(2), seed=SEED, read=read))
    assert [one.outcome for one in told if one.is_defect] == ["OverflowError: too far"] * 2
