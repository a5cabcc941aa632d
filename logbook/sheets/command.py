"""What `import_energy` and `import_production` share: arguments, messages and the summary of an imported file."""

from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from factories.models import Factory
from factories.queries import find_factory
from lib.background_worker import limited
from lib.decimals import plain
from lib.errors import ApiError
from logbook.models import SheetImport
from logbook.notices import words
from logbook.sheets.importing import SheetPlan
from logbook.sheets.options import CHOICES, NAMES
from logbook.sheets.questions import SheetError
from logbook.sheets.read import read_sheet
from logbook.sheets.results import ImportResult

PRINTED_ERRORS = 50


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


class SheetCommand(BaseCommand):
    """A subclass names its import, and adds an argument for each field of it."""

    sheet_class: type[SheetPlan]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV (comma, semicolon, tab) or XLSX")
        parser.add_argument("--factory", required=True, help='name, with or without "Tea Factory"')
        parser.add_argument("--time-column", default="", help="name of the column of times")
        parser.add_argument("--value-column", required=True, help="name of the column of amounts")
        parser.add_argument("--unit", default="", help="of the amounts, like kWh or kg; default: what the sheet names")
        parser.add_argument("--time-zone", default="", help="of times without offset; default: the site's")
        for name, what in NAMES.items():
            parser.add_argument(_flag(name), default="", help=what)
        for name, (kind, what) in CHOICES.items():
            parser.add_argument(_flag(name), type=kind, choices=list(kind), default=next(iter(kind)), help=what)
        parser.add_argument(
            "--register-digits", type=int, choices=range(19), metavar="DIGITS", help="of a register; 0: it was reset"
        )
        parser.add_argument(
            "--interval-min",
            type=int,
            choices=range(1, 1441),
            metavar="MINUTES",
            help="length of a row's period; default: the spacing that most rows have",
        )
        parser.add_argument("--user", help="e-mail of the person named as recording; default: nobody")
        parser.add_argument("--dry-run", action="store_true", help="do all of it but store")

    def plan(self, factory: Factory, arguments: dict[str, Any]) -> SheetPlan:
        """The requested import; `arguments` are those that are its fields."""
        return self.sheet_class(factory=factory, **arguments)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            factory = find_factory(options.pop("factory"))
            arguments = {field.name: options[field.name] for field in fields(self.sheet_class) if field.name in options}
            plan, user = self.plan(factory, arguments), self._user(options["user"])
            with options["file"].open("rb") as file, limited(SheetImport.limits):
                result = plan.run(user, read_sheet(file), dry_run=options["dry_run"], progress=self._progress)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from None
        except MemoryError:
            limit_mb = SheetImport.limits.memory_bytes // 1_000_000
            raise CommandError(
                f"{options['file']} needs more than {limit_mb} MB: split it, or save it as CSV"
            ) from None
        except SheetError as error:
            raise CommandError(f"{options['file']}: {error}") from None
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        except ApiError as error:
            problems = [problem["message"] for of_field in error.fields.values() for problem in of_field]
            raise CommandError("; ".join(problems) or error.message) from None
        self._report(result)
        if result.rejected:
            raise CommandError(f"{result.rejected} of {result.received} rows were not taken")

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
        if result.changed:
            for change in result.changes[:PRINTED_ERRORS]:
                self.stderr.write("row {row}: {before} became {now} (entry {entry})".format_map(change))
        for error in result.errors[:PRINTED_ERRORS]:
            self.stderr.write(str(error))
        if result.rejected > PRINTED_ERRORS:
            self.stderr.write(f"and {result.rejected - PRINTED_ERRORS} more")
        for warning in result.row_warnings[:PRINTED_ERRORS]:
            self.stderr.write(f"look again: {warning}")
        for notice in result.notices:
            self.stderr.write(f"note: {words(notice.code, notice.params)}")
        did = "would be stored" if result.is_dry_run else "stored"
        columns: Any = self.sheet_class.model._meta
        sums = "".join(
            f", {columns.get_field(name).verbose_name} of new rows: {plain(total)}"
            for name, total in result.sums.items()
        )
        span = (
            f", {result.period_start.isoformat()} to {result.period_end.isoformat()}"
            if (result.period_start and result.period_end)
            else ""
        )
        if result.changed:
            did += f" ({result.changed} of them changed)"
        totals = ", ".join(f"{plain(total)} {unit}" for unit, total in result.totals.items()) or f"0 {result.unit}"
        self.stdout.write(
            f"{result.received} rows: {result.stored} {did}, {result.duplicate} there before, {result.rejected} "
            f"rejected; {totals}{sums}{span}"
        )
