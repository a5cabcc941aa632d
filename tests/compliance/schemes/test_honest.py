"""What a report must not claim: a mass twice, a zero rating without evidence, another's total."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from compliance.formats.parts import sums
from compliance.formats.pdf import _plates
from compliance.formats.xlsx import _sheet_names
from compliance.inventory.lines import PUBLISHED_CO2E, Inventory, Line
from compliance.reports.content import Column, Content, Field, Table
from compliance.schemes import ReportInputs, schemes
from factories.models import EmissionSource, Factory
from production.models import ProductionEntry
from tests.compliance.build import make_hours
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, log, make_mine, make_tea
from tests.make import make_assignment, make_chimney, make_organisation

pytestmark = pytest.mark.django_db

MARCH = date(2025, 3, 1), date(2025, 4, 1)
MARCH_BEGINS = datetime(2025, 2, 28, 21, tzinfo=UTC)  # midnight in Nairobi


def report(code: str, site: Factory, period: Any = YEAR, **entered: str) -> tuple[ReportInputs, Content]:
    scheme = schemes()[code]
    inputs = inputs_of(scheme, site, *period, **entered)
    return inputs, scheme.fill(inputs)


def fields_of(content: Content) -> dict[str, Field]:
    return {field.code: field for section in content.sections for field in section.fields}


def table_of(content: Content, code: str) -> Table:
    return next(table for section in content.sections for table in section.tables if table.code == code)


def tonnes(content: Content, code: str) -> Decimal:
    value = fields_of(content)[code].value
    assert value is not None, code
    return Decimal(value)


def kg_of(inventory: Inventory, gas: str) -> Decimal:
    return sum((line.mass.likely_kg for line in inventory.lines if line.gas == gas and line.scope < 2), Decimal(0))


def near(value: Decimal) -> Any:
    return pytest.approx(value, abs=Decimal("0.0015"))  # t: three figures, each rounded to a kg


def test_co2_of_a_year_is_measured_in_f_or_calculated_in_e_and_never_in_both() -> None:
    site = make_tea()
    boiler = EmissionSource.objects.get(factory=site, kind="boiler")
    log(site, 1000, "L", "diesel", *MARCH, source_id=boiler.pk)
    _inputs, calculated = report("cbam_style", site)
    stack = make_assignment(chimney=make_chimney(factory=site, name="Stack 1"), valid_from=MARCH_BEGINS)
    EmissionSource.objects.filter(pk=boiler.pk).update(chimney=stack.chimney, fuels="firewood")
    make_hours(stack, MARCH_BEGINS, 744, kg=60.0)

    inputs, content = report("cbam_style", site)

    # 400,000 kg of wood in 350 days: 31 of them are 35,428.571429 kg x 0.7 x 0.5 x 44/12 = 45,466.666667 kg CO2;
    # 1,000 L of diesel 2,676.492 kg. Both leave E; 744 h x 60 kg = 44,640 kg stand in F, divided as that carbon is.
    assert tonnes(content, "E.co2_biogenic") == near(tonnes(calculated, "E.co2_biogenic") - Decimal("45.466667"))
    assert tonnes(content, "E.co2_fossil") == near(tonnes(calculated, "E.co2_fossil") - Decimal("2.676492"))
    fossil_share = Decimal("2676.492") / (Decimal("45466.666667") + Decimal("2676.492"))
    assert tonnes(content, "F.co2_fossil") == near(Decimal("44.640") * fossil_share)
    assert tonnes(content, "F.co2_biogenic") == near(Decimal("44.640") * (1 - fossil_share))
    assert table_of(content, "F.chimneys").rows[0][3] == "744"
    # Together they are the inventory's.
    both = tonnes(content, "E.co2_fossil") + tonnes(content, "F.co2_fossil")
    grown = tonnes(content, "E.co2_biogenic") + tonnes(content, "F.co2_biogenic")
    assert both == near(kg_of(inputs.inventory, "CO2") / 1000)
    assert grown == near(kg_of(inputs.inventory, "CO2_biogenic") / 1000)
    assert tonnes(content, "I.direct") == near(both + grown)
    calculated_t = tonnes(content, "E.co2_fossil") + tonnes(content, "E.co2_biogenic")
    assert tonnes(content, "I.default_share") == near(100 * calculated_t / tonnes(content, "I.direct"))
    assert fields_of(content)["F.co2_substituted"].value is None
    # What was burned does not change by measuring it; the gas of the stack is no energy source.
    assert fields_of(content)["G.electricity"] == fields_of(calculated)["G.electricity"]
    energy = table_of(report("rainforest_energy", site)[1], "energy.sources")
    used = ["Diesel", "Grid electricity", "Firewood", "Own solar, hydro or wind", "Petrol"]
    assert [row[0] for row in energy.rows] == used


def test_what_was_substituted_is_not_called_measured() -> None:
    inputs, _content = report("cbam_style", make_tea())
    lines = tuple(replace(line, basis="substituted") for line in inputs.inventory.lines)
    filled = replace(inputs, inventory=replace(inputs.inventory, lines=lines))
    content = schemes()["cbam_style"].fill(filled)
    assert tonnes(content, "F.co2_substituted") == near(tonnes(content, "I.direct"))
    assert tonnes(content, "I.default_share") == 100


def test_biomass_counts_as_fossil_without_evidence_of_its_zero_rating() -> None:
    site = make_tea()
    nothing, claimed, shown = (
        report("cbam_style", site, **entered)[1]
        for entered in ({}, {"E__zero_rated_pct": "100"}, {"E__zero_rated_pct": "100", "E__evidence": "Certificate 7"})
    )
    assert tonnes(nothing, "I.direct") == tonnes(claimed, "I.direct")
    assert tonnes(shown, "I.direct") == near(tonnes(shown, "E.co2_fossil"))


def test_a_fuel_with_a_factor_in_co2e_is_not_left_out() -> None:
    inputs, content = report("cbam_style", make_tea())

    def published(line: Line) -> Line:
        return replace(line, gas=PUBLISHED_CO2E) if (line.stream, line.gas) == ("diesel", "CO2") else line

    inventory = replace(inputs.inventory, lines=tuple(map(published, inputs.inventory.lines)))
    again = schemes()["cbam_style"].fill(replace(inputs, inventory=inventory))
    for code in ("E.co2_fossil", "I.direct"):
        assert tonnes(again, code) == tonnes(content, code)


def test_the_total_of_the_ledger_of_a_mine_is_its_methane_or_nothing() -> None:
    mine = make_mine()
    # 120,000 t x 1.33 m3/t x 0.67 kg/m3 = 106,932 kg CH4, x 28
    assert report("mine_methane", mine, INDIAN_YEAR)[1].total_emissions_kg == "2994096"
    ProductionEntry.objects.filter(factory=mine).delete()
    assert report("mine_methane", mine, INDIAN_YEAR)[1].total_emissions_kg is None  # not that of its diesel


def test_the_coal_of_a_month_in_which_a_mine_changed_its_source_counts_once() -> None:
    mine = make_mine()
    seam = EmissionSource.objects.get(factory=mine, kind="mine_methane")
    EmissionSource.objects.filter(pk=seam.pk).update(last_day=date(2025, 9, 15))
    later = {"name": "Seam Y", "mine_class": "opencast", "first_day": date(2025, 9, 16)}
    EmissionSource.objects.create(factory=mine, kind="mine_methane", **later)
    ledger = table_of(report("mine_methane", mine, INDIAN_YEAR)[1], "methane.ledger")
    assert len(ledger.rows) == 2
    assert sum(Decimal(row[4] or 0) for row in ledger.rows) == near(Decimal(120_000))
    assert {row[5] for row in ledger.rows} == {"1.33"}


def test_an_organisation_without_mines_is_offered_no_report_of_mines() -> None:
    tea, mine = make_tea(), make_mine()
    ledger = schemes()["mine_methane"]
    assert ledger.covers(mine.organisation, None)
    assert not ledger.covers(tea.organisation, None)
    assert not ledger.covers(make_organisation(name="Without sites"), None)


@pytest.mark.parametrize(("code", "category"), [("ghg_protocol", "scope_3.5"), ("iso_14064_1", "category_3")])
def test_a_category_of_scope_3_is_disclosed_or_left_out_with_a_reason(code: str, category: str) -> None:
    site, scheme = make_tea(), schemes()[code]
    label = next(str(field.label) for field in scheme.entered if field.code == category)

    def names(**entered: str) -> str:
        inputs = inputs_of(scheme, site, *YEAR, **entered)
        found = [one for check in scheme.checks for one in check(inputs) if one.code == "neither_stated"]
        return found[0].sentence if found else ""

    assert label in names()
    dotted = category.replace(".", "__")
    assert label not in names(**{dotted: "12"})
    assert label not in names(**{f"{dotted}__reason": "below 1 %"})


def test_at_least_has_no_half_width() -> None:
    site = make_tea()
    inputs, content = report("ghg_protocol", site)
    assert fields_of(content)["uncertainty_pct"].value is not None

    def saturated(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(replace(line, mass=replace(line.mass, is_at_least=True)) for line in lines)

    inventory = replace(inputs.inventory, lines=saturated(inputs.inventory.lines))
    content = schemes()["ghg_protocol"].fill(replace(inputs, inventory=inventory))
    assert fields_of(content)["uncertainty_pct"].value is None
    assert fields_of(content)["scope_1"].high is None


def test_the_cover_states_the_interval_of_the_total() -> None:
    content = report("ghg_protocol", make_tea())[1]
    total, *others = _plates(content)
    assert " to " in total["more"]
    assert len((content.total_emissions_kg or "").partition(".")[2]) <= 6
    assert "total" not in [plate["code"] for plate in others]


def test_a_cell_that_holds_no_value_is_not_one_that_nobody_gave() -> None:
    gases = table_of(report("ghg_protocol", make_tea())[1], "scope_1.sources")
    firewood = next(row for row in gases.rows if row[2] == "Firewood")
    assert firewood[6] == "–"  # its CO2 is outside the scopes
    assert sums(gases)[0] == "Sum"
    missing = Table("t", "T", (Column("a", "A", "kg", is_number=True, is_summed=True),), (("1",), (None,), ("–",)))
    assert sums(missing) == ("Sum, 2 of 3 rows known", ["1"])


def test_a_name_of_a_sheet_does_not_end_with_an_apostrophe() -> None:
    assert _sheet_names(["a" * 30 + "'b"]) == ["a" * 30]
