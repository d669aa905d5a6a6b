"""What of the clinical tables a person may see: every `visible_to` of this package says it with this."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from clinic.models import Patient, User


def within_reach(user: User | AnonymousUser, *, case: str = "") -> Q:
    """The rows of patients whom `user` may see; with a token for some assays, only those of cases of these assays.

    `case` leads from a row to its case; empty: the rows are cases.
    """
    way = f"{case}__" if case else ""
    reach = Q((f"{way}patient__in", Patient.objects.visible_to(user)))
    assays = user.only_assays if isinstance(user, User) else None
    return reach if assays is None else reach & Q((f"{way}assay__in", assays))
