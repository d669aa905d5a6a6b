"""manage.py register_model FILE... [--activate]"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnosis.models import ModelState, ModelVersion
from diagnosis.services.model_registry import activate_model, register_model
from mlcore.bundle import InvalidBundle


class Command(BaseCommand):
    help = "Register model bundles; a bundle that is already registered stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bundles", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--activate", action="store_true", help="Make each the active one of an assay that has none."
        )

    def handle(self, *, bundles: list[Path], activate: bool, **options: Any) -> None:
        for path in bundles:
            try:
                model = register_model(content=path.read_bytes())
            except (OSError, InvalidBundle) as error:
                raise CommandError(f"{path}: {error}") from None
            if activate and not ModelVersion.objects.filter(assay=model.assay, state=ModelState.ACTIVE).exists():
                model = activate_model(model=model)
            self.stdout.write(f"{model} ({model.assay}): {model.get_state_display().lower()}")
