"""The prediction that stands for an image: that of the analysis that leads, the newest with a result."""

from django.db.models import Q

from clinic.models import Patient, User
from diagnosis.models import Prediction, SlideImage
from diagnosis.models.prediction import PredictionQuerySet
from diagnosis.models.withholding import withheld_from


def standing_prediction(image: SlideImage) -> Prediction | None:
    """Whoever it is withheld from: for what is stored, never for what is shown."""
    return _leading(Prediction.objects.all(), image)


def shown_prediction(image: SlideImage, *, person: User) -> Prediction | None:
    """The one that the person has before them, if any."""
    return _leading(Prediction.objects.shown_to(person), image)


def is_withheld(image: SlideImage, *, person: User) -> bool:
    """Whether predictions and other people's readings of the image are withheld from the person now."""
    return SlideImage.objects.filter(withheld_from(person), pk=image.pk).exists()


def something_is_withheld(patient: Patient, *, person: User) -> bool:
    """Whether the patient's record holds anything that is withheld from the person now.

    A withdrawn image is not waited for: nobody can read it any more.
    """
    images = SlideImage.objects.in_use().filter(withheld_from(person), case__patient=patient)
    return images.filter(Q(analyses__prediction__isnull=False) | Q(readings__isnull=False)).exists()


def _leading(predictions: PredictionQuerySet, image: SlideImage) -> Prediction | None:
    found = predictions.filter(analysis__image=image).order_by("-analysis__created_at", "-analysis__id")
    return found.select_related("analysis__image__case").first()
