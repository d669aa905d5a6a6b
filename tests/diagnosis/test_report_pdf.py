"""The printed report: all that was signed, on paper that can be read, whatever a name is written in."""

import io
from typing import Any

import pypdf
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from clinic.models import User
from diagnosis.models import Case, Reading, Report, ReportDrawing
from diagnosis.report_pdf import fonts
from diagnosis.selectors.reports import content_of
from diagnosis.services import drawing, file_store, report_drawings
from diagnosis.services.signing import Words
from tests.factories import ImageFactory, PredictionFactory, ReadingFactory, drawn_png, signed_report


@pytest.fixture
def reading(case: Case, owner: User) -> Reading:
    picture = file_store.put(drawn_png())
    image = ImageFactory.create(case=case, uploaded_name="first.png", display_sha256=picture, thumbnail_sha256=picture)
    prediction = PredictionFactory.create(analysis__image=image)
    return ReadingFactory.create(image=image, reader=owner, prediction=prediction, answer="agree", comment="Large.")


def pdf_of(report: Report) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(bytes_of(report)))


def bytes_of(report: Report) -> bytes:
    newest = report_drawings.drawing_of(report)
    assert newest
    return drawing.pdf_of(newest)


def text_of(pdf: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def test_it_says_all_that_was_signed(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner, findings="Blasts in most fields.")
    said = text_of(pdf_of(report))
    for words in ["Pre (malignant)", "Blasts in most fields.", "Olivia Owner (Doctor)", "first.png", "Large.",
                  "test model 1", "AI suggestion: Pre, confident", "The worst reading leads",
                  report.content_digest, reading.image.sha256]:  # fmt: skip
        assert words in said, words


def test_every_page_says_whose_report_it_is_and_what_it_is_not(case: Case, reading: Reading, owner: User) -> None:
    for number in range(7):
        ReadingFactory.create(image__case=case, image__sha256=f"{number:060x}beef", reader=owner)
    pdf = pdf_of(signed_report(case=case, signer=owner))
    total = len(pdf.pages)
    assert total > 1
    for number, page in enumerate(pdf.pages, 1):
        said = page.extract_text()
        for words in [
            f"{case.patient.family_name}, Given",
            case.patient.record_number,
            "Report, version 1",
            "Second Read suggests; the doctor decides. It is not a certified medical device.",
            f"Page {number} of {total}",
        ]:
            assert words in said, words


def test_it_describes_itself_and_names_nobody_in_its_title(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner)
    pdf = pdf_of(report)
    assert pdf.metadata
    assert pdf.metadata.title == f"Report {str(report.pk)[:8]}, version 1"
    assert str(pdf.root_object["/Lang"]) == "en"
    assert [entry.title for entry in pdf.outline if not isinstance(entry, list)] == ["Summary", "Images"]
    assert alternatives(pdf) == ["Image 1: first.png"]


def alternatives(pdf: Any) -> list[str]:
    """What a screen reader says in the place of pictures."""
    every = [pdf.get_object(number) for number in pdf.xref_objStm or pdf.xref[0]]
    return [str(one["/Alt"]) for one in every if isinstance(one, dict) and "/Alt" in one]


def test_the_letters_are_in_the_file(case: Case, reading: Reading, owner: User) -> None:
    pdf: Any = pdf_of(signed_report(case=case, signer=owner))
    for page in pdf.pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in below["/FontDescriptor"].get_object()


def test_the_same_report_gives_the_same_bytes(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner)
    assert bytes_of(report) == bytes_of(report)


def test_nothing_but_what_was_signed_is_in_it(case: Case, reading: Reading, owner: User) -> None:
    report = signed_report(case=case, signer=owner)
    case.patient.family_name = "Renamed"
    case.patient.save()
    ReadingFactory.create(image__case=case, image__uploaded_name="later.png", reader=owner)
    said = text_of(pdf_of(Report.objects.get(pk=report.pk)))
    assert "Renamed" not in said
    assert "later.png" not in said


def test_an_earlier_version_is_marked(case: Case, reading: Reading, owner: User, colleague: User) -> None:
    first = signed_report(case=case, signer=owner)
    second = signed_report(case=case, signer=colleague, amendment_reason="A word was wrong.")
    for page in pdf_of(first).pages:
        assert "Superseded by version 2" in page.extract_text()
    said = text_of(pdf_of(second))
    assert "A word was wrong." in said
    assert "Superseded" not in said


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_damaged_picture_is_said_in_its_place(case: Case, reading: Reading, owner: User, harm: str) -> None:
    report = signed_report(case=case, signer=owner)
    if harm == "missing":
        file_store.remove(reading.image.display_sha256)
    else:
        default_storage.save(file_store.name_of(reading.image.display_sha256), ContentFile(b"x"))
    pdf = pdf_of(report)
    assert "The stored picture is missing or damaged and is not shown." in text_of(pdf).replace("\n", " ")
    assert not any(page.images for page in pdf.pages)


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("von und zu " * 9, "Maximiliane " * 8),
        ("<script>alert(1)</script>", "=1+1"),
        ("אברהמוביץ", "שרה מרים"),
        ("عبد الله", "محمد"),
        ("Παπαδόπουλος", "Ελένη"),
        ("Щербакова", "Анна"),
        ("X" * 100, ""),
    ],
)
def test_it_can_write_names_as_people_have_them(
    case: Case, reading: Reading, owner: User, family: str, given: str
) -> None:
    case.patient.family_name, case.patient.given_name = family.strip(), given.strip()
    case.patient.save()
    report = signed_report(case=case, signer=owner)
    assert "[U+" not in text_of(pdf_of(report))
    assert all(fonts.can_draw(letter) for letter in family + given)


def test_letters_that_it_does_not_have_are_given_by_their_code_points(
    case: Case, reading: Reading, owner: User
) -> None:
    case.patient.family_name, case.patient.given_name = "王", "Ming\u202e"
    case.patient.save()
    said = text_of(pdf_of(signed_report(case=case, signer=owner)))
    assert "[U+738B], Ming[U+202E]" in said
    assert "This print has no letters for some characters." in said


def test_a_long_comment_goes_on_over_pages(case: Case, reading: Reading, owner: User) -> None:
    ReadingFactory.create(image__case=case, image__sha256="c" * 64, reader=owner, comment=("word " * 399) + "the-end")
    pdf = pdf_of(signed_report(case=case, signer=owner, findings="\n".join(f"line {n}" for n in range(120))))
    said = text_of(pdf)
    assert len(pdf.pages) >= 3
    for words in ("line 0", "line 119", "the-end"):
        assert words in said


def test_a_large_picture_is_shrunk_to_what_paper_shows(case: Case, reading: Reading, owner: User) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2048, 1024), (200, 150, 220)).save(file, "PNG")
    ReadingFactory.create(image__case=case, image__display_sha256=file_store.put(file.getvalue()), reader=owner)
    pdf = pdf_of(signed_report(case=case, signer=owner))
    sizes = {image.image.size for page in pdf.pages for image in page.images if image.image}
    assert (720, 360) in sizes


def test_outlines_are_printed_when_they_were_asked_for(
    case: Case, reading: Reading, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pictures(report: Report) -> int:
        return sum(len(page.images) for page in pdf_of(report).pages)

    assert pictures(signed_report(case=case, signer=owner)) == 1
    with_outlines: Any = lambda **words: Words(**words, with_outlines=True)  # noqa: E731
    monkeypatch.setattr("tests.factories.Words", with_outlines)
    assert pictures(signed_report(case=case, signer=owner, amendment_reason="With outlines.")) == 2


class TestWorker:
    def test_it_draws_what_waits_once(self, case: Case, reading: Reading, owner: User) -> None:
        report = signed_report(case=case, signer=owner)
        assert drawing.draw_next()
        assert not drawing.draw_next()
        drawn = report_drawings.drawing_of(report)
        assert drawn
        assert file_store.get(drawn.pdf_sha256).startswith(b"%PDF")

    def test_what_was_claimed_is_left_alone_until_the_claim_ends(
        self, case: Case, reading: Reading, owner: User
    ) -> None:
        signed_report(case=case, signer=owner)
        assert report_drawings.claim()
        assert report_drawings.claim() is None

    def test_it_gives_up_after_three_tries_until_somebody_asks(
        self, case: Case, reading: Reading, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        report = signed_report(case=case, signer=owner)
        with monkeypatch.context() as patch:
            patch.setattr(drawing, "pdf_of", lambda _: 1 / 0)
            for _ in range(3):
                with pytest.raises(ZeroDivisionError):
                    drawing.draw_next()
            assert not drawing.draw_next()
        (waiting,) = ReportDrawing.objects.all()
        assert waiting.is_given_up
        report_drawings.draw_again(report=report, asked_by=owner)
        assert drawing.draw_next()

    def test_a_changed_row_is_not_drawn(self, case: Case, reading: Reading, owner: User) -> None:
        report = signed_report(case=case, signer=owner)
        forged = Report.objects.create(
            case=case, version=2, content=content_of(report), content_digest=report.content_digest,
            amendment_reason="x", signed_by=owner, confirmed_by="password",
        )  # fmt: skip
        ReportDrawing.objects.create(report=forged)
        while drawing.draw_next():
            pass
        given_up = report_drawings.drawing_of(forged)
        assert given_up
        assert given_up.is_given_up
