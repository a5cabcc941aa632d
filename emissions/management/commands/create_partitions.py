"""manage.py create_partitions: the monthly tables of readings, two months ahead. Safe to run twice."""

from typing import Any

from django.core.management.base import BaseCommand

from emissions.partitions import ensure_partitions


class Command(BaseCommand):
    help = "Make the monthly partitions of the readings table, from a year back to two months ahead."

    def handle(self, *args: Any, **options: Any) -> None:
        made = ensure_partitions()
        self.stdout.write(f"partitions made: {len(made)}" + (f" ({', '.join(made)})" if made else ""))
