"""manage.py load_factors: energy types and emission factors from the table of the release."""

from typing import Any

from django.core.management.base import BaseCommand

from energy.loading import load


class Command(BaseCommand):
    help = (
        "Bring energy/data/*.csv into the database. `migrate` does it by itself. Safe to run twice: a changed "
        "factor becomes a new version, and nothing that a stored result refers to is overwritten."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load()
        self.stdout.write(
            f"{loaded.types} energy types changed; factors: {loaded.added} added, {loaded.new_versions} new versions, "
            f"{loaded.unchanged} unchanged"
        )
