"""manage.py import_production: a CSV or XLSX file of one product into entries."""

from argparse import ArgumentParser

from logbook.sheets.command import SheetCommand
from production.sheets import ProductionSheet


class Command(SheetCommand):
    sheet_class = ProductionSheet
    help = (
        "Import a sheet of what was made: one product, one row a period. Bad rows are named with row, column and "
        "value, and the others stored. The same file again adds nothing. Writes production of that factory only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--product", required=True, help="made_tea, green_leaf; of a mine coal")
