"""What `import_energy` and `import_production` share: arguments, messages and the summary of an imported file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from factories.models import Factory
from factories.queries import find_factory
from lib.decimals import plain
from lib.errors import ApiError
from logbook.notices import words
from logbook.sheets.amounts import DecimalMark
from logbook.sheets.importing import ImportResult, SheetImport
from logbook.sheets.read import SheetError, read_sheet
from logbook.sheets.time_axis import DateOrder, TimeIs

SHOWN_ERRORS = 50


class SheetCommand(BaseCommand):
    """A subclass adds its own arguments, and names the import that they ask for."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV (comma, semicolon, tab) or XLSX")
        parser.add_argument("--factory", required=True, help='name, with or without "Tea Factory"')
        parser.add_argument("--time-column", required=True, help="name of the column of times")
        parser.add_argument("--value-column", required=True, help="name of the column of amounts")
        parser.add_argument("--unit", required=True, help="of the amounts, like kWh or kg")
        parser.add_argument("--time-zone", default="", help="of times without offset; default: the site's")
        parser.add_argument(
            "--time-is", choices=[v.value for v in TimeIs], default="end", help="what a row's time is of its period"
        )
        parser.add_argument("--date-order", choices=[v.value for v in DateOrder], default="auto", help="of 03/04/2026")
        parser.add_argument("--decimal-mark", choices=[v.value for v in DecimalMark], default="auto", help="of 2,070")
        parser.add_argument(
            "--interval-min",
            type=int,
            choices=range(1, 1441),
            metavar="MINUTES",
            help="length of a row's period; default: the spacing that most rows have",
        )
        parser.add_argument("--user", help="e-mail of the person named as recording; default: nobody")
        parser.add_argument("--dry-run", action="store_true", help="do all of it but store")

    def sheet_import(self, factory: Factory, options: dict[str, Any], **plan: Any) -> SheetImport:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan, user = self._plan(options), self._user(options["user"])
            with options["file"].open("rb") as file:
                sheet = read_sheet(file)
            result = plan.run(user, sheet, dry_run=options["dry_run"], progress=self._progress)
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
            raise CommandError(f"{result.rejected} of {result.received} rows were not taken")

    def _plan(self, options: dict[str, Any]) -> SheetImport:
        return self.sheet_import(
            find_factory(options["factory"]),
            options,
            unit=options["unit"],
            time_column=options["time_column"],
            value_column=options["value_column"],
            time_zone=options["time_zone"],
            time_is=TimeIs(options["time_is"]),
            date_order=DateOrder(options["date_order"]),
            decimal_mark=DecimalMark(options["decimal_mark"]),
            interval_min=options["interval_min"],
        )

    @staticmethod
    def _user(email: str | None) -> User | None:
        user = User.objects.filter(email__iexact=email).first() if email else None
        if email and user is None:
            raise CommandError(f"user={email!r} is no account")
        return user

    def _progress(self, done: int, total: int) -> None:
        if done % 10_000 == 0:
            self.stderr.write(f"{done} of {total} rows")

    def _report(self, result: ImportResult) -> None:
        for error in result.errors[:SHOWN_ERRORS]:
            self.stderr.write(str(error))
        if result.rejected > SHOWN_ERRORS:
            self.stderr.write(f"and {result.rejected - SHOWN_ERRORS} more")
        for notice in result.notices:
            self.stderr.write(f"note: {words(notice.code, notice.params)}")
        did = "would be stored" if result.is_dry_run else "stored"
        sums = "".join(f", {name} {total} of new rows" for name, total in result.sums.items())
        span = (
            f", {result.period_start.isoformat()} to {result.period_end.isoformat()}"
            if (result.period_start and result.period_end)
            else ""
        )
        self.stdout.write(
            f"{result.received} rows: {result.stored} {did}, {result.duplicate} there before, {result.rejected} "
            f"rejected; {plain(result.amount)} {result.unit}{sums}{span}"
        )
