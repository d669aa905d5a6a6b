"""All that hangs on a patient, in any table: found by following foreign keys, so that no new table is forgotten."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import ForeignObjectRel, Model, QuerySet

from clinic.models import Patient


@dataclass(frozen=True)
class Branch:
    """The rows of one table that belong to a patient by one way: `path` leads from a row to its patient.

    `outlives`: these rows stay when the patient is erased, and say so by a foreign key without a constraint.
    """

    model: type[Model]
    path: str
    outlives: bool

    def rows(self, patient_ids: Iterable[UUID]) -> "QuerySet[Any]":
        """The rows of these patients."""
        return self.model._base_manager.filter(**{f"{self.path}__in": list(patient_ids)})  # noqa: SLF001  public name

    @property
    def depth(self) -> int:
        return self.path.count("__")


def branches() -> Sequence[Branch]:
    """Every way, the farthest from the patient first: the order in which rows can be deleted."""
    return sorted(
        set(_below(Branch(Patient, "", outlives=False), (Patient,))), key=lambda branch: (-branch.depth, branch.path)
    )


def erased_branches() -> Sequence[Branch]:
    """Those that go with the patient."""
    return [branch for branch in branches() if not branch.outlives]


def digests_of(patient_ids: Sequence[UUID]) -> set[str]:
    """The digest of every file that rows of these patients refer to."""
    found: set[str] = set()
    for branch in erased_branches():
        for name in digest_fields(branch.model):
            found.update(branch.rows(patient_ids).order_by().values_list(name, flat=True).distinct())
    return found - {""}


def digest_fields(model: type[Model]) -> list[str]:
    """The fields that name a file of the store: by convention, and nothing else, their names end like this."""
    return [field.name for field in model._meta.get_fields() if field.name.endswith("sha256")]  # noqa: SLF001


def _below(branch: Branch, way: tuple[type[Model], ...]) -> Iterator[Branch]:
    for relation in branch.model._meta.get_fields(include_hidden=True):  # noqa: SLF001  Django's public name
        if not isinstance(relation, ForeignObjectRel) or relation.many_to_many or relation.related_model in way:
            continue
        key: Any = relation.field
        path = f"{key.name}__{branch.path}" if branch.path else key.name
        child = Branch(key.model, path, outlives=branch.outlives or not key.db_constraint)
        yield child
        yield from _below(child, (*way, child.model))
