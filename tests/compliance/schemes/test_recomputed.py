"""Every figure of every scheme, recomputed from the API's raw rows, for a tea factory and a coal mine."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from compliance.reports.content import FIGURE, Content, Table
from compliance.schemes import Scheme, schemes
from compliance.schemes.checks import differing_sums
from factories.models import Factory
from tests.cast import signed_in
from tests.compliance.schemes.expected import Expected, amounts_of, masses_of, tables_of
from tests.compliance.schemes.raw import FACTOR_SIGMA, Raw, raw_of
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, make_mine, make_tea
from tests.make import make_membership, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

CODES = (
    "brsr_india",
    "cbam_style",
    "ccts_india",
    "energy_management_kenya",
    "ghg_protocol",
    "iso_14064_1",
    "mine_methane",
    "nema_kenya",
    "product_footprint",
    "rainforest_energy",
)
# What people enter for the recomputed reports; codes with "__" for a dot.
ENTERED = {
    "E__zero_rated_pct": "25",
    "E__evidence": "Certificate 7",
    "turnover": "500000000",
    "ppp": "20",
    "water__surface": "400",
    "water__ground": "300",
    "audit_savings": "50000",
    "savings": "20000",
    "notified": "yes",
    "gei_target": "0.01",
    "ccc_price": "800",
}
TEA = {"cbam_style", "energy_management_kenya", "ghg_protocol", "iso_14064_1", "nema_kenya"} | {
    "product_footprint",
    "rainforest_energy",
}
MINE = {"brsr_india", "cbam_style", "ccts_india", "ghg_protocol", "iso_14064_1", "mine_methane", "product_footprint"}
# Not figures: set-up of the site, with numbers in it.
STATED_TABLES = {"sites", "K.calibrations"}


def hq_of(factory: Factory) -> Client:
    user = make_user()
    make_membership(user=user, role=Role.HQ_MANAGER, organisation=factory.organisation)
    return signed_in(user)


def test_all_schemes_are_registered_with_unique_codes_of_entered_fields() -> None:
    assert set(CODES) <= set(schemes())
    for code in CODES:
        names = [field.code for field in schemes()[code].entered]
        assert len(names) == len(set(names)), code


@pytest.mark.parametrize(("make_site", "codes", "period"), [(make_tea, TEA, YEAR), (make_mine, MINE, INDIAN_YEAR)])
def test_every_figure_follows_from_the_raw_rows(make_site: Callable[[], Factory], codes: set[str], period: Any) -> None:
    site = make_site()
    client = hq_of(site)
    offered = {code for code in CODES if schemes()[code].covers(site.organisation, site)}
    assert offered == codes

    for code in sorted(codes):
        scheme = schemes()[code]
        inputs = inputs_of(scheme, site, *period, **ENTERED)
        content = scheme.fill(inputs)
        raw = raw_of(client, site, *period, inputs.inventory.gwp_set)
        before = raw_of(client, site, *(day.replace(year=day.year - 1) for day in period), raw.gwp_set)
        wrong = [
            *_wrong_fields(content, raw, amounts_of(raw, before if before.masses else None)),
            *_wrong_tables(content, raw, (period[1] - period[0]).days),
            *_wrong_shares(content, raw),
        ]
        assert wrong == [], code
        assert list(differing_sums(content)) == []


def _wrong_fields(content: Content, raw: Raw, amounts: Expected) -> list[Any]:
    """Fields whose value, low or high is not what the raw rows give, and figures that nothing recomputes."""
    masses, found = masses_of(raw), []
    for field in (field for section in content.sections for field in section.fields if field.origin == FIGURE):
        if field.code in masses:
            choose, of_co2e, divisor = masses[field.code]
            kg = raw.co2e(choose) if of_co2e else raw.kg(choose)
            gwp_set = ""
        elif field.code.startswith("co2e.") and "co2e.AR5" in amounts:
            divisor, of_co2e, gwp_set, value = Decimal(1000), True, field.code[-3:], amounts[field.code]
            choose, kg = (lambda m: m.kind == "mine_methane"), value and value * 1000
        else:
            parts = 100 if field.code == "uncertainty_pct" else len(field.sum_of)  # it has one decimal
            if field.code not in amounts or not _is_near(field.value, amounts[field.code], parts):
                found.append((field.code, field.value, amounts.get(field.code, "nothing recomputes it")))
            continue
        if not _is_near(field.value, None if kg is None else kg / divisor, len(field.sum_of)):
            found.append((field.code, field.value, kg))
        streams = {mass.stream for mass in raw.masses if choose(mass)}
        if kg and streams <= FACTOR_SIGMA.keys():
            half = Decimal(str(raw.half_width(choose, of_co2e=of_co2e, gwp_set=gwp_set)))
            for edge, value in ((field.low, max(kg - half, Decimal(0))), (field.high, kg + half)):
                if not _is_near(edge, value / divisor):
                    found.append((field.code, "interval", edge, value))
    return found


def _wrong_tables(content: Content, raw: Raw, days: int) -> list[Any]:
    expected, found = tables_of(raw, days), []
    for table in (table for section in content.sections for table in section.tables):
        if table.code in STATED_TABLES:
            continue
        rows = _numbers(table)
        wanted = expected[table.code]  # a table that nothing recomputes is an error
        if len(rows) != len(wanted) or not all(any(all(map(_is_near, row, want)) for want in wanted) for row in rows):
            found.append((table.code, rows, wanted))
    return found


def _numbers(table: Table) -> list[tuple[str | None, ...]]:
    indexes = [index for index, column in enumerate(table.columns) if column.is_number]
    return [tuple(None if row[index] == "–" else row[index] for index in indexes) for row in table.rows]


def _wrong_shares(content: Content, raw: Raw) -> list[Any]:
    """The charts: months and sources sum to the total."""
    total = (raw.co2e(lambda m: m.scope == 1 or m.approach == "location") or Decimal(0)) / 1000
    found = []
    for series in content.series:
        if series.code in ("months", "shares"):
            points = sum((Decimal(value) for _name, value, _status in series.points if value), Decimal(0))
            if not _is_near(str(points), total, len(series.points)):
                found.append((series.code, points, total))
    return found


def _is_near(printed: str | None, value: Decimal | None, parts: int = 0) -> bool:
    """To half of the last decimal, 3 of them and 6 below 1; a total of rounded parts has the halves of each."""
    if printed is None or value is None:
        return printed is None and value is None
    half = Decimal("0.0005") if abs(value) >= Decimal("0.999") or parts else Decimal("0.0000005")
    return abs(Decimal(printed) - value) <= half * (1 + parts) * Decimal("1.01") + abs(value) * Decimal("1e-9")


@pytest.mark.parametrize("code", CODES)
def test_what_nobody_entered_is_not_provided_and_no_conformity_is_claimed(code: str) -> None:
    scheme = schemes()[code]
    site = make_mine() if "coal_mine" in scheme.sectors or scheme.country == "IN" else make_tea()
    inputs = inputs_of(scheme, site, *(INDIAN_YEAR if site.country == "IN" else YEAR))
    content = scheme.fill(inputs)
    assert content == scheme.fill(inputs)
    fields = {field.code: field for section in content.sections for field in section.fields}

    assert {fields[entered.code].value for entered in scheme.entered} == {None}
    assert {fields[entered.code].origin for entered in scheme.entered} == {"entered"}
    assert sum(len(section.fields) for section in content.sections) == len(fields)  # each code once
    assert ("obligation" in fields) is True
    assert "NOT VERIFIED" in {field.value for field in fields.values()} or not _asks_verifier(scheme)
    assert "conform" not in content.statement or "not" in content.statement or "No " in content.statement
    for word in ("is compliant", "complies with", "certified by"):
        assert word not in content.statement


def _asks_verifier(scheme: Scheme) -> bool:
    return any(field.code == "assurance.verifier" for field in scheme.entered)


def test_cbam_says_that_tea_and_coal_are_not_covered_and_has_parts_a_to_l() -> None:
    scheme = schemes()["cbam_style"]
    content = scheme.fill(inputs_of(scheme, make_tea(), *YEAR))
    assert "Tea (CN 0902) and coal (CN 2701) are not covered" in content.statement
    assert "".join(section.code for section in content.sections[:12]) == "ABCDEFGHIJKL"
    assert next(f.value for f in content.sections[11].fields if f.code == "L.state") == "NOT VERIFIED"


def test_a_mine_that_is_not_notified_owes_nothing_and_says_why() -> None:
    scheme = schemes()["ccts_india"]
    section = next(
        s for s in scheme.fill(inputs_of(scheme, make_mine(), *INDIAN_YEAR)).sections if s.code == "obligation"
    )
    assert [field.value for field in section.fields] == ["none", "none"]
    assert "not an obligated sector" in section.note
