"""Attacks by files: workbooks that unpack to much more than they weigh, and text that never ends."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator

import psutil

from tests.attack.instance import Instance, Visitor
from tests.attack.tries import Attack, Tries

WEB_GROWTH_MB = 120
OUTCOME_WITHIN_S = 180.0
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
RELATION = (
    '<Relationship Id="r{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
)
WORKBOOK = (
    f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def workbook(sheet: str, *, strings: str = "", prolog: str = "") -> bytes:
    """An XLSX file around the XML of one sheet."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("[Content_Types].xml", TYPES)
        file.writestr("_rels/.rels", RELATIONS.format(RELATION.format(1, "officeDocument", "xl/workbook.xml")))
        file.writestr("xl/workbook.xml", WORKBOOK)
        links = RELATION.format(1, "worksheet", "worksheets/sheet1.xml") + RELATION.format(
            2, "sharedStrings", "sharedStrings.xml"
        )
        file.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format(links))
        file.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{strings}</sst>")
        file.writestr("xl/worksheets/sheet1.xml", f"{prolog}<worksheet {MAIN}>{sheet}</worksheet>")
    return packed.getvalue()


def hostile_files() -> Iterator[tuple[str, str, bytes]]:
    """(what, file name, content), each below 2 MB."""
    row = '<row r="{0}"><c r="A{0}"><v>45000</v></c><c r="B{0}"><v>1</v></c></row>'
    yield (
        "2 million cells",
        "cells.xlsx",
        workbook(f"<sheetData>{''.join(row.format(n) for n in range(1, 1_000_001))}</sheetData>"),
    )
    wide = "".join(f"<c><v>{n}</v></c>" for n in range(500_000))
    yield "a row of 500,000 cells", "wide.xlsx", workbook(f'<sheetData><row r="1">{wide}</row></sheetData>')
    yield "200 MB of blanks", "bomb.xlsx", workbook("<sheetData>" + " " * 200_000_000 + "</sheetData>")
    yield "a million shared strings", "strings.xlsx", workbook("<sheetData/>", strings="<si><t>x</t></si>" * 1_000_000)
    yield (
        "one shared string of 100 MB",
        "string.xlsx",
        workbook("<sheetData/>", strings=f"<si><t>{'x' * 100_000_000}</t></si>"),
    )
    far = '<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    yield "one cell in the last corner", "corner.xlsx", workbook('<dimension ref="A1:XFD1048576"/>' + far)
    merged = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, 20_000))
    yield "20,000 merged rows", "merged.xlsx", workbook(f"<sheetData/><mergeCells>{merged}</mergeCells>")
    laughs = (
        '<!DOCTYPE w [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(10))
        + "]>"
    )
    yield (
        "entities in entities",
        "laughs.xlsx",
        workbook("<sheetData><row><c><v>&a9;</v></c></row></sheetData>", prolog=laughs),
    )
    yield (
        "elements in elements",
        "deep.xlsx",
        workbook("<sheetData>" + "<row>" * 200_000 + "</row>" * 200_000 + "</sheetData>"),
    )
    yield "not a workbook", "none.xlsx", b"PK\x03\x04" + b"\x00" * 1000
    yield "a line of 2 MB", "line.csv", b"timestamp,amount\n" + b"1" * 2_000_000
    yield "a quote that never closes", "quote.csv", b'timestamp,amount\n"' + b"2026-11-01,5\n" * 150_000
    yield "a million columns", "columns.csv", b"," * 1_000_000 + b"\n"
    yield "NUL bytes", "nul.csv", b"timestamp,amount\n\x00\x00\x00,\x00\n" * 1000


def hostile_sheets(instance: Instance, tries: Tries) -> None:
    visitor = instance.program("manager@demo.carbontrack.example")
    factory = visitor.get("/api/me/").json()["factory"]
    web = instance.part("uvicorn")
    before, is_over, largest = web.memory_info().rss, threading.Event(), [0]
    watcher = threading.Thread(target=_watch, args=(web, largest, is_over))
    watcher.start()
    slowest_s = 0.0
    try:
        for what, name, content in hostile_files():
            form = {
                "factory": str(factory),
                "energy_type": "diesel",
                "unit": "L",
                "time_column": "A",
                "value_column": "B",
            }
            files = {"file": (name, content, "application/octet-stream")}
            answer = visitor.post("/api/energy-entries/import/", data=form, files=files, timeout=OUTCOME_WITHIN_S)
            begun_s = time.monotonic()
            instance.anonymous().get("/healthz")
            slowest_s = max(slowest_s, time.monotonic() - begun_s)
            if answer.status_code == 202:
                answer = _outcome(visitor, answer.headers["Location"].removeprefix(instance.base))
                tries.held(answer is not None and answer.get("status_code") in (400, 413), f"{what}: {answer}")
            else:
                tries.refused(answer, [400, 413, 415, 422], what)
    finally:
        is_over.set()
        watcher.join()
    grown_mb = (largest[0] - before) / 1e6
    tries.held(grown_mb < WEB_GROWTH_MB, f"hostile sheets made the web process {grown_mb:.0f} MB larger")
    tries.held(slowest_s < 5, f"/healthz took {slowest_s:.1f} s beside them")


def _outcome(visitor: Visitor, path: str) -> dict[str, object] | None:
    deadline_s = time.monotonic() + OUTCOME_WITHIN_S
    while time.monotonic() < deadline_s:
        body: dict[str, object] = visitor.get(path).json()
        if body.get("state") not in ("waiting", "running"):
            return body
        time.sleep(0.5)
    return None


def _watch(process: psutil.Process, largest: list[int], is_over: threading.Event) -> None:
    while not is_over.wait(0.1):
        largest[0] = max(largest[0], process.memory_info().rss)


ATTACKS = (Attack("Import hostile sheets", hostile_sheets),)
