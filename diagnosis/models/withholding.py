"""What is withheld from a doctor until their own reading is stored, so that no suggestion colours it."""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import User
from diagnosis.models.assay_policy import AssayPolicy
from diagnosis.models.case import Case


def withheld_from(user: User | AnonymousUser, *, image: str = "") -> Q:
    """Whether predictions and other people's readings of an image are withheld.

    `image` leads from a row to its image; empty: the rows are images.

    They are while somebody has asked the person for a second reading, and, for assays that are first read blinded,
    until the person has read the image, adjudicates between two who have, or the case is signed.
    """
    way = f"{image}__" if image else ""
    this = OuterRef(image or "pk")
    asked = _rows("ReadingRequest", image=this, kind="second", state="open", asked_of=user.pk)
    adjudicated = _rows("ReadingRequest", image=this, kind="adjudication", state="open", asked_of=user.pk)
    read = _rows("Reading", image=this, reader=user.pk)
    signed = Case.objects.filter(pk=OuterRef(f"{way}case"), reports__isnull=False)
    blinded = AssayPolicy.objects.filter(blinded_first_read=True).values("assay")
    seen = Q(Exists(read)) | Q(Exists(adjudicated)) | Q(Exists(signed))
    return Q(Exists(asked)) | Q(**{f"{way}case__assay__in": blinded}) & ~seen


def _rows(model: str, **of: Any) -> QuerySet[Any]:
    """Rows of a model whose own queries begin here, so that it cannot be imported."""
    rows: QuerySet[Any] = apps.get_model("diagnosis", model)._default_manager.filter(**of)  # noqa: SLF001  a public name
    return rows
