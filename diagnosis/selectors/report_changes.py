"""What has changed between the content that somebody saw and the content as it is now, in words.

A page carries short marks of what it showed. They only serve to explain: whether anything changed at all is told by
the digest.
"""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from diagnosis.canonical import digest_of
from diagnosis.models import ReadingRole
from diagnosis.selectors.report_content import Content

MARK = 8  # hexadecimal digits of an id: enough to tell a case's rows apart


def marks_of(basis: Content) -> list[str]:
    """A mark for everything that can come, go or change."""
    marks = [_version_mark(basis), _identity_mark(basis)]
    for image in basis["images"]:
        marks.append(_image_mark(image))
        marks += [_mark("r", reading) for reading in image["readings"]]
        marks += [_mark("p", image["suggestion"])] if image["suggestion"] else []
    return marks


def changes_since(seen: Collection[str], basis: Content) -> list[str]:
    """A sentence for each difference; one that says no more than that, where the marks do not tell."""
    known = set(seen)
    found = [*_of_the_case(known, basis), *(words for image in basis["images"] for words in _of_image(known, image))]
    return found or [_("Something in the case was changed. Please look through the report again.")]


def _of_the_case(known: set[str], basis: Content) -> Iterator[str]:
    amends = basis["amends"]
    if _version_mark(basis) not in known and amends:
        yield _("%(person)s signed version %(version)s of this report.") % {
            "person": amends["signer"],
            "version": amends["version"],
        }
    if _identity_mark(basis) not in known:
        yield _("The patient's or the case's entries were changed.")


def _of_image(known: set[str], image: Content) -> Iterator[str]:
    name = {"image": image["name"]}
    withdrawn = image["withdrawn"]
    if _image_mark(image) not in known:
        if withdrawn:
            yield _("%(image)s was withdrawn by %(person)s.") % {**name, "person": withdrawn["by"]}
        else:
            yield _("%(image)s was added.") % name
    for reading in image["readings"]:
        if _mark("r", reading) not in known:
            yield _of_reading(reading, image["name"])
    if image["suggestion"] and _mark("p", image["suggestion"]) not in known:
        yield _("%(image)s has another suggestion of the model.") % name


def _of_reading(reading: Content, image: str) -> str:
    values = {"image": image, "person": reading["reader"]}
    if reading["replaces"]:
        return _("%(image)s: %(person)s corrected a reading.") % values
    if reading["role"] == ReadingRole.ADJUDICATION:
        return _("%(image)s: %(person)s adjudicated.") % values
    return _("%(image)s: %(person)s recorded a reading.") % values


def _version_mark(basis: Content) -> str:
    return f"v{basis['version']}"


def _identity_mark(basis: Content) -> str:
    return f"c{digest_of([basis['patient'], basis['case']])[:MARK]}"


def _image_mark(image: Content) -> str:
    return _mark("w" if image["withdrawn"] else "i", image)


def _mark(kind: str, entry: Content) -> str:
    return f"{kind}{entry['id'][:MARK]}"
