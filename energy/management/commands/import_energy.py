"""manage.py import_energy: a CSV or XLSX file of one meter or fuel into entries."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from energy.importing import ImportPlan, ImportResult, import_sheet
from factories.models import EmissionSource
from factories.queries import find_factory
from lib.decimals import plain
from lib.errors import ApiError
from logbook.notices import words
from logbook.sheets.read import SheetError, read_sheet
from logbook.sheets.time_axis import DateOrder, TimeIs

SHOWN_ERRORS = 50


class Command(BaseCommand):
    help = (
        "Import a sheet of one meter or fuel: one row, one period. Bad rows are named with row, column and value, and "
        "the others stored. The same file again adds nothing. Writes energy entries of that factory only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV (comma, semicolon, tab) or XLSX")
        parser.add_argument("--factory", required=True, help='name, with or without "Tea Factory"')
        parser.add_argument("--energy-type", required=True, help="code, name or alias, like electricity")
        parser.add_argument("--time-column", required=True, help="name of the column of times")
        parser.add_argument("--value-column", required=True, help="name of the column of amounts")
        parser.add_argument("--unit", required=True, help="of the amounts, like kWh")
        parser.add_argument("--time-zone", default="", help="of times without offset; default: the site's")
        parser.add_argument(
            "--time-is", choices=[v.value for v in TimeIs], default="end", help="what a row's time is of its period"
        )
        parser.add_argument("--date-order", choices=[v.value for v in DateOrder], default="auto", help="of 03/04/2026")
        parser.add_argument(
            "--interval-min",
            type=int,
            choices=range(1, 1441),
            metavar="MINUTES",
            help="length of a row's period; default: the spacing that most rows have",
        )
        parser.add_argument("--factor", default="", metavar="SET", help="factor set; default: the set in force")
        parser.add_argument("--source", help="name of the factory's emission source")
        parser.add_argument("--user", help="e-mail of whoever is named as recording; default: nobody")
        parser.add_argument("--dry-run", action="store_true", help="do all of it but store")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan, user = self._plan(options)
            with options["file"].open("rb") as file:
                sheet = read_sheet(file)
            result = import_sheet(user, plan, sheet, dry_run=options["dry_run"], progress=self._progress)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from None
        except SheetError as error:
            raise CommandError(f"{options['file']}: {error}") from None
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        except ApiError as error:
            problems = [problem["message"] for found in error.fields.values() for problem in found]
            raise CommandError("; ".join(problems) or error.message) from None
        self._report(result)
        if result.rejected:
            raise CommandError(f"{len(result.rejected)} of {result.received} rows were not taken")

    @staticmethod
    def _plan(options: dict[str, Any]) -> tuple[ImportPlan, User | None]:
        factory = find_factory(options["factory"])
        source = None
        if options["source"]:
            source = EmissionSource.objects.filter(factory=factory, name__iexact=options["source"]).first()
            if source is None:
                raise CommandError(f"source={options['source']!r} is no emission source of {factory}")
        user = User.objects.filter(email__iexact=options["user"]).first() if options["user"] else None
        if options["user"] and user is None:
            raise CommandError(f"user={options['user']!r} is no account")
        plan = ImportPlan(
            factory=factory,
            energy_type=options["energy_type"],
            unit=options["unit"],
            time_column=options["time_column"],
            value_column=options["value_column"],
            time_zone=options["time_zone"],
            time_is=TimeIs(options["time_is"]),
            factor_set=options["factor"],
            source_id=source.pk if source else None,
            date_order=DateOrder(options["date_order"]),
            interval_min=options["interval_min"],
        )
        return plan, user

    def _progress(self, done: int, total: int) -> None:
        if done % 10_000 == 0:
            self.stderr.write(f"{done} of {total} rows")

    def _report(self, result: ImportResult) -> None:
        for error in result.rejected[:SHOWN_ERRORS]:
            self.stderr.write(str(error))
        if len(result.rejected) > SHOWN_ERRORS:
            self.stderr.write(f"and {len(result.rejected) - SHOWN_ERRORS} more")
        for notice in result.notices:
            self.stderr.write(f"note: {words(notice.code, notice.params)}")
        did = "would be stored" if result.is_dry_run else "stored"
        span = (
            f", {result.period_start.isoformat()} to {result.period_end.isoformat()}"
            if (result.period_start and result.period_end)
            else ""
        )
        self.stdout.write(
            f"{result.received} rows: {result.stored} {did}, {result.duplicate} there before, {len(result.rejected)} "
            f"rejected; {plain(result.amount)} {result.unit}, {result.co2e_kg} kg CO2e of new rows{span}"
        )
