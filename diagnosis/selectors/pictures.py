"""Which stored files show an image: re-encoded pixels, and what a prediction lays over them."""

from diagnosis.models import Prediction, SlideImage

RENDITIONS = {"display": "display_sha256", "thumbnail": "thumbnail_sha256"}
OVERLAYS = {"mask": "mask_sha256", "outline": "outline_sha256", "map": "map_sha256"}


def digests(image: SlideImage) -> dict[str, str]:
    """The digest of every picture of an image (from `with_analyses`) by its kind; empty when it is not drawn yet."""
    prediction = newest_prediction(image)
    return {kind: getattr(image, field) for kind, field in RENDITIONS.items()} | {
        kind: getattr(prediction, field, "") for kind, field in OVERLAYS.items()
    }


def newest_prediction(image: SlideImage) -> Prediction | None:
    """The prediction of the image's newest analysis that has one."""
    found = (getattr(analysis, "prediction", None) for analysis in image.analyses.all())
    return next((prediction for prediction in found if prediction), None)
