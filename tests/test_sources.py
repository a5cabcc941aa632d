"""Citations lead somewhere: to a file of the repository, or to a document that docs/sources.md lists.

A reader outside the project has the repository alone, so a note that only its authors hold proves nothing. The tables
of docs/method.md are compared here with the code and the factor file that they show.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from science.coal_methane import INDIA_FACTORS, ipcc_surface_factor, ipcc_underground_factor
from science.gwp import GWP, Gas

BASE_DIR = Path(__file__).resolve().parent.parent
TEXT = {".py", ".sql", ".html", ".css", ".js", ".svg", ".md", ".txt", ".toml", ".yml", ".csv", ".cpp", ".h", ".ini"}
NOT_OURS = {".git", ".venv", "var", "vendor", "corpus", "node_modules"}
SOURCES = BASE_DIR / "docs" / "sources.md"
METHOD = BASE_DIR / "docs" / "method.md"
FACTORS = BASE_DIR / "energy" / "data" / "emission_factors.csv"

PAGE_CITED = re.compile(r"(?<![\w/.])((?:\.\./)*[\w][\w/-]*\.md)(?:`{1,2})?(?: (\d+)(?=[\s.,;:)\"*]|$))?")
# Notes of the project's own making, which no reader has: an issue by its number, a brief, a folder of seeds.
UNSEEN = re.compile(r"\bissue \d+|\bseeds/|\b[Tt]he (?:paper|brief)\b|source document|\bportal brief\b")
# How laws, standards and guidelines are written: whatever looks like one has to be listed.
DOCUMENT = re.compile(r"\b(?:\d+ CFR \d+|ISO \d+|IPCC (?:\d{4}|AR\d)|(?:EU )?MRR|BEIS \d{4}|CEA|CIMFR|NGA|Ember)\b")


def text_files() -> Iterator[Path]:
    for path in sorted(BASE_DIR.rglob("*")):
        if path.suffix in TEXT and not NOT_OURS & set(path.relative_to(BASE_DIR).parts) and path.is_file():
            yield path


def headings_of(page: Path) -> set[str]:
    return set(re.findall(r"^#+ (\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE))


def dead_citations(text: str, pages: Iterable[Path]) -> list[str]:
    """Pages named in a text that no file is, sections that a page does not have, and notes that nobody can open."""
    dead = UNSEEN.findall(text)
    for name, section in PAGE_CITED.findall(text):
        ending = "/" + name.replace("../", "")
        cited = [page for page in pages if f"/{page.relative_to(BASE_DIR).as_posix()}".endswith(ending)]
        if not cited:
            dead.append(name)
        elif section and not any(section in headings_of(page) for page in cited):
            dead.append(f"{name} {section}")
    return dead


def dead_modules(text: str, path: Path) -> list[str]:
    """Python files in backticks that are neither beside a file, nor in its app, nor at their path from the root."""
    app = BASE_DIR / path.relative_to(BASE_DIR).parts[0]
    return [
        name
        for name in re.findall(r"`([\w][\w/]*\.py)`", text)
        if not any((folder / name).is_file() for folder in (path.parent, app, BASE_DIR))
    ]


def keys() -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", SOURCES.read_text(encoding="utf-8"), re.MULTILINE))


def unlisted(citation: str) -> list[str]:
    """The parts of a citation, between semicolons, that begin with no key of docs/sources.md."""
    parts = [part.strip() for part in citation.split(";")]
    return [part for part in parts if not part.startswith(tuple(keys()))]


def source_lines(text: str) -> list[str]:
    """What follows `Source:`, to the end of its sentence: a full stop before a blank, a line's end or the quotes."""
    found = re.findall(r"\bSource: (.*?)(?:\.(?=\s|\"|$)|\n\s*\n|\n\s*\"\"\")", text, re.DOTALL)
    return [" ".join(line.split()) for line in found]


# --- Files ----------------------------------------------------------------------------------------
def test_every_cited_file_is_in_the_repository() -> None:
    files = list(text_files())
    pages = [path for path in files if path.suffix == ".md"]
    dead = {
        path.relative_to(BASE_DIR).as_posix(): missing
        for path in files
        if path != Path(__file__) and (missing := dead_citations(path.read_text(encoding="utf-8"), pages))
    }

    assert dead == {}


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("# the table of `physics.md` 1.8", ["physics.md"]),
        ("Source: ``docs/method.md`` 99.", ["docs/method.md 99"]),
        ("as decided in issue 9", ["issue 9"]),
        ("the paper's 2,000 t", ["the paper"]),
        ("see docs/method.md 9 and [method](method.md#9-site-days), ../README.md", []),
    ],
)
def test_guard_sees_a_file_that_is_not_there(text: str, dead: list[str]) -> None:
    assert dead_citations(text, [METHOD, BASE_DIR / "README.md"]) == dead


def test_every_module_named_in_python_is_where_it_says() -> None:
    dead = {
        path.relative_to(BASE_DIR).as_posix(): missing
        for path in text_files()
        if path.suffix in {".py", ".sql"}
        and path != Path(__file__)
        and (missing := dead_modules(path.read_text(encoding="utf-8"), path))
    }

    assert dead == {}


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("computed in `inputs.py`", []),
        ("in `portal/lead.py` and `lead.py`", []),
        ("stored in `saving.py`, not `portal/gone.py`", ["saving.py", "portal/gone.py"]),
    ],
)
def test_guard_sees_a_module_that_is_not_there(text: str, dead: list[str]) -> None:
    assert dead_modules(text, BASE_DIR / "portal" / "today" / "page.py") == dead


# --- Documents ------------------------------------------------------------------------------------
def test_every_source_of_a_formula_is_listed() -> None:
    wrong = {
        path.name: found
        for path in sorted((BASE_DIR / "science").glob("*.py"))
        if (found := [p for line in source_lines(path.read_text(encoding="utf-8")) for p in unlisted(line)])
    }

    assert wrong == {}


def test_every_factor_begins_with_a_listed_source() -> None:
    with FACTORS.open(encoding="utf-8", newline="") as file:
        cited = {row["source"] for row in csv.DictReader(file)}

    assert {source: parts for source in cited if (parts := unlisted(source))} == {}


def test_every_document_named_in_formulas_and_factors_is_listed() -> None:
    listed = SOURCES.read_text(encoding="utf-8")
    files = [*(BASE_DIR / "science").glob("*.py"), FACTORS, METHOD]
    named = {name for path in files for name in DOCUMENT.findall(path.read_text(encoding="utf-8"))}

    assert {"40 CFR 75", "IPCC 2006", "CEA"} <= named
    assert sorted(name for name in named if name not in listed) == []


def test_every_listed_source_is_cited() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in text_files() if path != SOURCES)

    assert sorted(key for key in keys() if key not in text) == []


@pytest.mark.parametrize(
    ("citation", "wrong"),
    [
        ("Handbook of boilers, page 7", ["Handbook of boilers, page 7"]),
        ("IPCC 2006 V2 Table 2.3; a leaflet", ["a leaflet"]),
        ("40 CFR 75.31 (initial), 75.33", []),
        ("own choice [A]", []),
    ],
)
def test_guard_sees_a_source_that_is_not_listed(citation: str, wrong: list[str]) -> None:
    assert source_lines(f'"""Does this.\n\n    Source: {citation}.\n    """') == [citation]
    assert unlisted(citation) == wrong


# --- The tables of docs/method.md -------------------------------------------------------------------
def table(first_cell: str) -> list[list[str]]:
    """Rows of the table whose head begins with this cell; backticks are taken off."""
    _head, _, rest = METHOD.read_text(encoding="utf-8").partition(f"\n| {first_cell} |")
    assert rest, f"method.md has no table that begins with {first_cell}"
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


def test_the_fuels_of_the_method_page_are_those_of_the_factor_file() -> None:
    expected: dict[tuple[str, str, str], list[Decimal | None]] = {}
    with FACTORS.open(encoding="utf-8", newline="") as file:
        # CO2 of wood has a heating value and no kg per TJ: its moisture gives the carbon.
        rows = [row for row in csv.DictReader(file) if row["gas_kg_per_tj"] or row["ncv_gj_per_t"]]
    for row in rows:
        values = expected.setdefault((row["energy_type"], row["per_unit"], row["set_name"]), [])
        if row["gas"] == "CO2":
            values += [Decimal(row[name]) if row[name] else None for name in ("kg_per_unit", "ncv_gj_per_t")]
        per_tj = Decimal(row["gas_kg_per_tj"]) if row["gas_kg_per_tj"] else None
        values.append(per_tj and per_tj / (1000 if row["gas"] == "CO2" else 1))
    shown = {
        (kind.removesuffix(" *"), unit, name.partition(",")[0]): [Decimal(cell) if cell else None for cell in cells]
        for kind, unit, kg, ncv, _gj, co2, ch4, n2o, name in table("Energy type")
        for cells in [(kg, ncv, co2, ch4, n2o)]
    }

    assert {k: [v and v.normalize() for v in vs] for k, vs in shown.items()} == {
        k: [v and round(v, 9).normalize() for v in vs] for k, vs in expected.items()
    }


def test_the_potentials_of_the_method_page_are_those_of_the_code() -> None:
    gases = (Gas.CO2, Gas.CH4_FOSSIL, Gas.CH4_BIOGENIC, Gas.N2O, Gas.SF6)
    shown = {row[0]: [Decimal(cell) if cell != "-" else None for cell in row[1:6]] for row in table("Set")}

    assert shown == {str(name): [values.get(gas) for gas in gases] for name, values in GWP.items()}


def test_the_mines_of_the_method_page_are_those_of_the_code() -> None:
    of_code = {str(name): factor for name, factor in INDIA_FACTORS.items()}
    for kind, factor_of, depths in (
        ("underground", ipcc_underground_factor, (100, 300, 500)),
        ("surface", ipcc_surface_factor, (10, 40, 60)),
    ):
        for level, depth_m in zip(("low", "average", "high"), depths, strict=True):
            of_code[f"IPCC {kind}, {level}"] = factor_of(depth_m)
    shown = {row[0]: (Decimal(row[1]), Decimal(row[2])) for row in table("Class")}

    assert shown == {name: (f.mining_m3_per_t, f.post_mining_m3_per_t) for name, f in of_code.items()}
