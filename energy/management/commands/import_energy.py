"""manage.py import_energy: a CSV or XLSX file of one meter or fuel into entries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from energy.sheets import EnergySheet
from factories.models import EmissionSource, Factory
from logbook.sheets.command import SheetCommand


class Command(SheetCommand):
    help = (
        "Import a sheet of one meter or fuel: one row, one period. Bad rows are named with row, column and value, and "
        "the others stored. The same file again adds nothing. Writes energy entries of that factory only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--energy-type", required=True, help="code, name or alias, like electricity")
        parser.add_argument("--factor", default="", metavar="SET", help="factor set; default: the set in force")
        parser.add_argument("--source", help="name of the factory's emission source")

    def sheet_import(self, factory: Factory, options: dict[str, Any], **plan: Any) -> EnergySheet:
        source = None
        if options["source"]:
            source = EmissionSource.objects.filter(factory=factory, name__iexact=options["source"]).first()
            if source is None:
                raise CommandError(f"source={options['source']!r} is no emission source of {factory}")
        return EnergySheet(
            factory=factory,
            energy_type=options["energy_type"],
            factor_set=options["factor"],
            source_id=source.pk if source else None,
            **plan,
        )
