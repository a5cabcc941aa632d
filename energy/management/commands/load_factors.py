"""manage.py load_factors: energy types and emission factors from the table of the release."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from energy.loading import load
from energy.revaluing import Revaluation, revalue
from factories.models import Organisation


class Command(BaseCommand):
    help = (
        "Bring energy/data/*.csv into the database. `migrate` does it by itself, but for new versions of factors: "
        "these are shown with what they make of each site's entries, and loaded with --yes. Safe to run twice: "
        "nothing that a stored result refers to is overwritten, and stored entries keep their figures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="load new versions of factors too")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            self._show()
        loaded = load(hold_versions=not options["yes"])
        self.stdout.write(
            f"{loaded.types} energy types changed; factors: {loaded.added} added, {loaded.new_versions} new versions, "
            f"{loaded.unchanged} unchanged, {loaded.held} wait for --yes"
        )

    def _show(self) -> None:
        """What the last 12 months of each site would be by the table before and after; stores nothing."""
        with transaction.atomic():
            load(hold_versions=True)
            before = _revalued()
            load()
            after = _revalued()
            transaction.set_rollback(True)
        for old, new in zip(before, after, strict=True):
            if old.after != new.after:
                self.stdout.write(
                    f"{new.factory}: {old.after.co2e_kg:,.0f} kg CO2e and {old.after.biogenic_co2_kg:,.0f} kg biogenic "
                    f"CO2 would be {new.after.co2e_kg:,.0f} and {new.after.biogenic_co2_kg:,.0f}"
                )


def _revalued() -> list[Revaluation]:
    now = timezone.now()
    return [site for organisation in Organisation.objects.order_by("pk") for site in revalue(organisation, now)]
