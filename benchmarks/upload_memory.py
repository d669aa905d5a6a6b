"""Memory of the web processes while large files are uploaded: it must not grow with their size or number.

    python -m benchmarks.upload_memory

Starts a site of its own, without its worker, and sends uncompressed TIFFs of noise, a file a request, from several
programs at once. They are a few different files, sent again and again: all of an upload is done each time, and the disk
keeps them once.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from itertools import cycle
from uuid import UUID

import django
import numpy as np
import requests
from PIL import Image

from benchmarks import figures
from benchmarks.figures import Figure
from embedded.place import CHECKOUT
from tests.faults.site import UNHURRIED, Site, running_site
from tests.faults.unharmed import MEGABYTE, Family

SIDE = 4_000  # pixels: 48 MB uncompressed, a little below what one file may have
DIFFERENT = 4
AT_ONCE = 4
STEPS = (1, 20, 200)  # files, after which it is looked
LONGEST = 300  # seconds for an answer


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures.options_of(parser)
    options = parser.parse_args()
    side, steps = (1_000, (1, 4, 12)) if options.quick else (SIDE, STEPS)
    with running_site(models=CHECKOUT / "var" / "model-cache", told=UNHURRIED) as site:
        os.environ.update(site.variables)
        django.setup()
        site.programs["worker"].stop()
        figures.publish(_measured(site, [_image(number, side) for number in range(DIFFERENT)], steps), options)
    return 0


def _image(number: int, side: int) -> bytes:
    """A TIFF of noise, which nothing could pack."""
    file = BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)).save(file, "TIFF")
    return file.getvalue()


def _measured(site: Site, images: list[bytes], steps: tuple[int, ...]) -> list[Figure]:
    from tests.faults.campaign import clinic_of  # noqa: PLC0415  Django has to be set up first

    traffic = clinic_of(site)
    web = Family.of(site.programs["web"].process.pid)
    requests.get(f"{traffic.address}/api/v1/cases/", headers=traffic.headers, timeout=LONGEST).raise_for_status()
    idle, peaks, sent = web.peak(), [], 0
    for step in steps:
        _send(images, traffic.cases[0], count=step - sent, where=traffic.address, headers=traffic.headers)
        sent = step
        peaks.append(web.peak())
    one, some, many = (peak / MEGABYTE for peak in peaks)
    size, dead = len(images[0]) / MEGABYTE, web.dead()
    if dead:
        raise SystemExit(f"{len(dead)} web processes died; see {site.place.logs}")
    return [
        Figure(
            measure=f"most memory of a web process after {steps[2]} uploads of {size:.0f} MB",
            unit="MB",
            runs=[many],
            against=f"after {steps[1]}",
            against_runs=[some],
            goal={"at_most": 1.1},
            note=f"{idle / MEGABYTE:.0f} MB before the first, {one:.0f} MB after it; {AT_ONCE} programs send at once",
        ),
        Figure(
            measure="what uploads add to a web process that has answered one request",
            unit="MB",
            runs=[many - idle / MEGABYTE],
            note=f"with up to {AT_ONCE} files of {size:.0f} MB under way",
        ),
    ]


def _send(images: list[bytes], case: UUID, *, count: int, where: str, headers: dict[str, str]) -> None:
    post = partial(_post, f"{where}/api/v1/cases/{case}/images/", headers)
    with ThreadPoolExecutor(AT_ONCE) as programs:
        for _ in programs.map(post, [content for _, content in zip(range(count), cycle(images), strict=False)]):
            pass


def _post(where: str, headers: dict[str, str], content: bytes) -> None:
    answer = requests.post(where, headers=headers, files={"files": ("field.tif", content)}, timeout=LONGEST)
    if answer.status_code != requests.codes.accepted:
        raise SystemExit(f"an upload was answered {answer.status_code}: {answer.text[:200]}")


if __name__ == "__main__":
    sys.exit(main())
