"""Uploads sheets by the API, as the tests of questions and of everyday files need them."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from energy.models import EnergyEntry
from production.models import ProductionEntry

ENERGY, PRODUCTION = "/api/energy-entries/", "/api/production/"


class Upload:
    """Uploads sheets of electricity to Litein; `said` are further fields."""

    def __init__(self, client: Client, factory: int) -> None:
        self.client, self.factory = client, factory

    def __call__(self, file: str | bytes, url: str = ENERGY, **said: Any) -> Any:
        data = file if isinstance(file, bytes) else file.encode()
        fields: dict[str, Any] = {"energy_type": "electricity", "unit": "kWh"} if url == ENERGY else {}
        fields |= {"factory": self.factory, "time_column": "Date", "value_column": "kWh"} | said
        return self.client.post(f"{url}import/", {"file": SimpleUploadedFile("sheet", data)} | fields)

    def stored(self, file: str | bytes, url: str = ENERGY, **said: Any) -> dict[str, Any]:
        response = self(file, url, **said)
        assert response.status_code == 200, response.json()
        body: dict[str, Any] = response.json()
        return body

    def asked(self, parameter: str, file: str | bytes, url: str = ENERGY, **said: Any) -> dict[str, Any]:
        """The question about a parameter; nothing is stored, dry run or not."""
        for dry_run in ("true", "false"):
            response = self(file, url, **said, dry_run=dry_run)
            body = response.json()
            assert (response.status_code, body["code"], list(body["fields"])) == (400, "undecided", [parameter]), body
        assert not EnergyEntry.objects.exists()
        assert not ProductionEntry.objects.exists()
        problem: dict[str, Any] = body["fields"][parameter][0]
        assert problem["code"] in [warning["code"] for warning in body["warnings"]]
        return problem | problem["params"]


def workbook(*sheets: list[list[Any]], names: tuple[str, ...] = (), hidden: tuple[int, ...] = ()) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(names[number] if names else None)
        for row in rows:
            sheet.append(row)
        for row_number in hidden:
            sheet.row_dimensions[row_number].hidden = True
    book.save(file)
    return file.getvalue()


def days() -> list[tuple[str, str, Decimal]]:
    """Local first and last day, and amount, of all entries."""
    zone = timedelta(hours=3)  # of Nairobi
    return [
        (f"{entry.period_start + zone:%m-%d}", f"{entry.period_end + zone:%m-%d}", entry.amount)
        for entry in EnergyEntry.objects.order_by("period_start", "id")
    ]
