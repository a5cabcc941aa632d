"""manage.py verify_report: is this JSON file a report that this installation published, unchanged?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.reports.build import rebuilt
from compliance.reports.verify import VerifiedAs, verify_file


class Command(BaseCommand):
    help = "Verify the JSON file of a report by its digest and the signature of this installation. Writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--rebuild", action="store_true", help="compute it again as known when it was made, and compare the bytes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            file = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from None
        found = verify_file(file)
        if found.report is None or not found.is_unchanged:
            raise CommandError(f"{found.outcome}: {found.digest}")
        report = found.report
        words = f"{found.outcome}: {report.scheme}, {report.place}, {report.period_start} to {report.period_end}"
        words += f", version {report.version}, published {report.published_at:%Y-%m-%d %H:%M %Z}"
        if found.outcome == VerifiedAs.SUPERSEDED and found.in_force:
            words += f"; version {found.in_force.version} is in force, {found.in_force.digest}"
        self.stdout.write(words)
        if options["rebuild"]:
            if rebuilt(report) != file:
                raise CommandError("rebuilt: other bytes than the file")
            self.stdout.write("rebuilt: identical")
