"""What is withheld from a doctor until their own reading is stored, so that no suggestion colours it."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q

from clinic.models import User
from diagnosis.models.assay_policy import AssayPolicy
from diagnosis.models.case import Case
from diagnosis.models.slide_image import SlideImage


def withheld_from(user: User | AnonymousUser, *, image: str = "") -> Q:
    """Whether predictions and other people's readings of an image are withheld.

    `image` leads from a row to its image; empty: the rows are images.

    They are while somebody has asked the person for a second reading, and, for assays that are first read blinded,
    until the person has read the image, adjudicates between two who have, or the case is signed.
    """
    way = f"{image}__" if image else ""
    this = SlideImage.objects.filter(pk=OuterRef(f"{way}pk"))
    asked = this.filter(
        reading_requests__kind="second", reading_requests__state="open", reading_requests__asked_of=user.pk
    )
    adjudicated = this.filter(
        reading_requests__kind="adjudication", reading_requests__state="open", reading_requests__asked_of=user.pk
    )
    read = this.filter(readings__reader=user.pk)
    signed = Case.objects.filter(pk=OuterRef(f"{way}case"), reports__isnull=False)
    blinded = AssayPolicy.objects.filter(blinded_first_read=True).values("assay")
    seen = Q(Exists(read)) | Q(Exists(adjudicated)) | Q(Exists(signed))
    return Q(Exists(asked)) | Q(**{f"{way}case__assay__in": blinded}) & ~seen
