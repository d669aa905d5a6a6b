"""Putting the report together."""

from pathlib import Path

from mlcore.files import replace_file
from mlcore.manifest import Manifest
from mlcore.report import html, sections
from mlcore.report.sections import Figures, Metrics

_STYLE = Path(__file__).with_name("style.css")


def write_report(manifest: Manifest, metrics: Metrics, figures: Figures, path: Path) -> None:
    """Write the page; `figures` are the PNG files by name that go into it.

    Without figures on changed colours, or without examples, the page lacks those parts.
    """
    page = html.page(
        f"{manifest.name} {manifest.version}: evaluation",
        _STYLE.read_text(encoding="utf-8"),
        sections.summary(manifest, metrics),
        sections.headlines(metrics),
        sections.colour(metrics, figures) if "colour_shift" in metrics else "",
        sections.by_class(manifest, metrics, figures),
        sections.trust(metrics, figures),
        sections.cases(metrics, figures) if "examples" in metrics else "",
        sections.method(manifest, metrics),
    )
    with replace_file(path) as aside:
        aside.write_text(page, encoding="utf-8")
