"""manage.py import_energy: a CSV or XLSX file of one meter or fuel into entries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from energy.sheets import EnergySheet
from factories.models import EmissionSource, Factory
from logbook.sheets.command import SheetCommand
from logbook.sheets.importing import SheetPlan


class Command(SheetCommand):
    sheet_class = EnergySheet
    help = (
        "Import a sheet of one meter or fuel: one row, one period. Bad rows are named with row, column and value, and "
        "the others stored. The same file again adds nothing. Writes energy entries of that factory only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--energy-type", required=True, help="code, name or alias, like electricity")
        parser.add_argument("--factor", dest="factor_set", default="", metavar="SET", help="default: the set in force")
        parser.add_argument("--source", dest="source_id", metavar="NAME", help="of the factory's emission source")

    def plan(self, factory: Factory, arguments: dict[str, Any]) -> SheetPlan:
        name = arguments["source_id"]
        if name:
            source = EmissionSource.objects.filter(factory=factory, name__iexact=name).first()
            if source is None:
                raise CommandError(f"source={name!r} is not an emission source of {factory}")
            arguments["source_id"] = source.pk
        return super().plan(factory, arguments)
