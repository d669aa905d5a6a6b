"""manage.py register_model FILE... [--activate]"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.models import ModelVersion
from diagnosis.selectors.models import has_usable_model
from diagnosis.services.model_registry import activate_model, register_model, require_usable_exports
from mlcore.bundle import InvalidBundle
from mlcore.engines.exported import ExportFailed


class Command(BaseCommand):
    help = "Register model bundles; a bundle that is already registered stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bundles", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--activate", action="store_true", help="Make each the active one of an assay that has none it can use."
        )

    def handle(self, *, bundles: list[Path], activate: bool, **options: Any) -> None:
        models = [self._register(path) for path in bundles]
        wanted = [model for model in models if activate and not has_usable_model(model.assay)]
        try:
            require_usable_exports(wanted)
            for model in wanted:
                activate_model(model=model)
        except ExportFailed as error:
            raise CommandError(f"Nothing was activated: {error}") from None
        for model in models:
            model.refresh_from_db()
            self.stdout.write(f"{model} ({model.assay}): {model.get_state_display().lower()}")

    def _register(self, path: Path) -> ModelVersion:
        try:
            return register_model(content=path.read_bytes())
        except (OSError, InvalidBundle) as error:
            raise CommandError(f"{path}: {error}") from None
