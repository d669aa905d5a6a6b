"""What the trail calls an act, in words."""


def in_words(action: str) -> str:
    """`image.uploaded_again` is "Image uploaded again". English: what is shown is its translation."""
    return action.replace(".", " ").replace("_", " ").capitalize()
