"""Reading patients."""

from django.db.models import Q

from clinic.models import Patient, User
from clinic.models.patient import PatientQuerySet


def search_patients(*, user: User, query: str = "") -> PatientQuerySet:
    """The patients `user` may see whose name or record number contains every word of `query`."""
    patients = Patient.objects.visible_to(user)
    for word in query.split()[:10]:
        patients = patients.filter(
            Q(family_name__icontains=word) | Q(given_name__icontains=word) | Q(record_number__icontains=word)
        )
    return patients
