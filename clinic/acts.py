"""What the trail calls an act, in words."""


def in_words(action: str) -> str:
    """`image.uploaded_again` is "Image uploaded again". English: what is shown is its translation."""
    return action.replace(".", " ").replace("_", " ").capitalize()


# Names that the code puts together from two words.
COMPOSED = (
    *(f"{hold}.{act}" for hold in ("legal_hold", "restriction") for act in ("lifted", "placed")),
    *(f"{things}.listed" for things in ("analyses", "cases", "images", "predictions", "reports")),
    *(f"{things}.listed" for things in ("erasures", "holds", "mergings", "reading_requests")),
    *(f"{thing}.viewed" for thing in ("erasure", "hold", "merging", "reading_request")),
    *(f"model.activation_{state}" for state in ("approved", "withdrawn")),
    *(f"model.evaluation_{state}" for state in ("failed", "succeeded")),
)
