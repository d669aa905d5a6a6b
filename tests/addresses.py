"""Every address of the site, read from its URL configuration, so that a new page is never forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from diagnosis.models import Prediction

NOTHINGS = uuid4()  # the id of no thing
SAMPLES = {"kind": "display", "form": "csv", "uidb36": "1", "key": "none"}


@dataclass(frozen=True)
class Address:
    """One address that leads somewhere: its name with namespaces ("" when it has none), and an example of it."""

    name: str
    path: str


def every_address(things: Mapping[str, UUID]) -> list[Address]:
    """An example of each address. `things` gives, by the first word of a path, the id that stands in it."""
    return list(_walk(get_resolver(), "/", "", things))


def things_of(prediction: Prediction) -> dict[str, UUID]:
    """The ids around one prediction, by the word that stands before them in an address."""
    analysis = prediction.analysis
    anew = analysis.image.case.reanalyses.first()
    return {
        "patients": analysis.image.case.patient_id,
        "cases": analysis.image.case_id,
        "images": analysis.image_id,
        "analyses": analysis.pk,
        "predictions": prediction.pk,
        "models": analysis.model_version_id,
        **({"reanalyses": anew.pk} if anew else {}),
    }


def _walk(resolver: URLResolver, prefix: str, space: str, things: Mapping[str, UUID]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        path = prefix + _example(entry, prefix, things)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry, path, inner, things)
        else:
            yield Address(f"{space}{entry.name}" if entry.name else "", path)


def _example(entry: URLPattern | URLResolver, prefix: str, things: Mapping[str, UUID]) -> str:
    """A piece of a path with examples in the place of its parameters."""
    text, names = normalize(entry.pattern.regex.pattern)[0]
    words = f"{prefix}{text}".split("%(")[0].strip("/").split("/")
    values = {name: SAMPLES.get(name, str(things.get(words[-1], NOTHINGS))) for name in names}
    return text % values
