"""What was asked of `train`."""

from dataclasses import dataclass

from mlcore.assays import Assay
from mlcore.provenance import Source


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    assay: Assay
    name: str
    version: str
    command: str
    seed: int
    epochs: int
    source: Source
