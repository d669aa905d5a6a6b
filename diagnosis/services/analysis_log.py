"""A line in the worker's log for each analysis that ends: its id, and the id of the request that brought its image."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

logger = logging.getLogger(__name__)


def tell_on_commit(analyses: Iterable[Mapping[str, Any]], *, what: str, **facts: object) -> None:
    """Once the current transaction holds, say of each (`pk`, `request_id`) what became of it."""
    told = [{"analysis": one["pk"], "request_id": one["request_id"], **facts} for one in analyses]
    transaction.on_commit(lambda: _tell(what, told), robust=True)


def _tell(what: str, told: Iterable[Mapping[str, object]]) -> None:
    for facts in told:
        logger.info("analysis %s", what, extra={"facts": facts})
