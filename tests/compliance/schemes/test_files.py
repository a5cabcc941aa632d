"""Reports by our schemes through the life of a report: all formats, PACT by API and page, the mark NOT VERIFIED."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.roles import Role
from compliance.explain.explain import explain
from compliance.formats.json import read
from compliance.models import ComplianceReport
from compliance.reports import life
from compliance.reports.files import file_of, formats_of
from compliance.schemes import pact, schemes
from compliance.schemes.parts import is_unverified
from factories.models import Factory
from tests.cast import signed_in
from tests.compliance.build import make_hours
from tests.compliance.schemes.test_pact import PRODUCT
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, log, make_mine, make_tea
from tests.make import make_assignment, make_chimney, make_factory, make_membership, make_user

pytestmark = pytest.mark.django_db

PERIOD = YEAR[0], date(2025, 12, 31)


def make_draft(site: Factory, code: str, **entered: str) -> ComplianceReport:
    user = make_user()
    report = life.draft(user, code, site.organisation, site, PERIOD, language="en")
    return life.enter(user, report.pk, {name.replace("__", "."): value for name, value in entered.items()})


def test_a_product_footprint_comes_as_pact_by_api_and_page() -> None:
    site = make_tea()
    report = make_draft(site, "product_footprint", **PRODUCT)
    user = make_user()
    make_membership(user=user, role=Role.HQ_MANAGER, organisation=site.organisation)
    client = signed_in(user)

    answer = client.get(f"/api/compliance/{report.pk}/", {"as": "pact"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Content-Disposition"].endswith('.pact.json"')
    document = json.loads(answer.content)
    assert pact.problems(document) == []
    assert document["companyName"] == "Litein Tea Company"
    assert client.get(f"/reports/{report.pk}/", {"as": "pact"}).content == answer.content


def test_pact_without_its_fields_is_refused_and_other_reports_do_not_have_it() -> None:
    site = make_tea()
    bare, other = make_draft(site, "product_footprint"), make_draft(site, "cbam_style")
    user = make_user()
    make_membership(user=user, role=Role.HQ_MANAGER, organisation=site.organisation)
    client = signed_in(user)

    refused = client.get(f"/api/compliance/{bare.pk}/", {"as": "pact"})

    assert (refused.status_code, refused.json()["code"]) == (400, "not_for_pact")
    assert "company_urn" in refused.json()["message"]
    assert "company_urn" in client.get(f"/reports/{bare.pk}/", {"as": "pact"}).content.decode()
    assert "pact" not in formats_of(other)
    assert client.get(f"/api/compliance/{other.pk}/", {"as": "pact"}).json()["code"] == "not_of_this_scheme"


def test_every_scheme_of_a_tea_factory_comes_in_every_format() -> None:
    site = make_tea()
    for code in ("cbam_style", "nema_kenya", "rainforest_energy"):
        report = make_draft(site, code)
        for file_format in ("json", "csv", "xlsx", "pdf"):
            assert len(file_of(report, file_format).data) > 1000


def test_only_the_cbam_style_marks_its_pages_until_a_verifier_gave_an_opinion() -> None:
    site = make_tea()
    opinion = {"assurance__verifier": "A. Verifier", "assurance__opinion": "unqualified"}
    for code, entered, is_marked in (
        ("cbam_style", {}, True),
        ("cbam_style", opinion, False),
        ("iso_14064_1", {}, False),
    ):
        scheme = schemes()[code]
        assert is_unverified(scheme.fill(inputs_of(scheme, site, *YEAR, **entered))) is is_marked


def test_the_link_of_a_gap_is_the_first_month_that_lacks_a_day() -> None:
    site = make_factory()
    log(site, 1000, "kg", "firewood", YEAR[0], date(2025, 5, 20))
    found = {one["code"]: one for one in make_draft(site, "ghg_protocol").findings}
    assert found["heat_missing"]["link"] == f"/factories/{site.pk}/month/2025-05/"
    assert found["electricity_missing"]["link"] == f"/factories/{site.pk}/month/2025-01/"


def test_what_the_chimneys_measured_is_recomputed_from_the_hours_of_the_api() -> None:
    """NEMA's means, the emission points of the CBAM style, and the fire log."""
    site = make_factory(altitude_m=0.0)
    start = datetime(2025, 2, 1, 21, tzinfo=UTC)  # 2 February at the site
    stack = make_assignment(chimney=make_chimney(factory=site, name="Stack 1"), valid_from=start)
    hours = make_hours(stack, start, 20, kg=100.0)
    for number, hour in enumerate(hours):
        hour.co2_ppm, hour.temperature_c = 90_000.0 + 1000 * number, 180.0 + number
        hour.velocity_ms, hour.flow_rate_m3s = 4.0 + number / 10, 2.0 + number / 20
        hour.save()
    user = make_user()
    make_membership(user=user, role=Role.HQ_MANAGER, organisation=site.organisation)
    query = {"factory": site.pk, "from": "2025-01-01T00:00:00+03:00", "to": "2026-01-01T00:00:00+03:00"}
    rows = signed_in(user).get("/api/emissions/hours/", {**query, "page_size": 1000}).json()["results"]
    rows = [row for row in rows if row["status"] == "measured" and row["is_of_record"]]
    assert len(rows) == 20
    mean = {
        name: sum(row[name] for row in rows) / 20
        for name in ("co2_ppm", "temperature_c", "velocity_ms", "flow_rate_m3s")
    }

    gas = _table(site, "nema_kenya", "stacks.gas")
    points = _table(site, "cbam_style", "F.chimneys")

    assert gas[0][:5] == (
        "Stack 1",
        "20",
        f"{mean['temperature_c']:.1f}",
        f"{mean['velocity_ms']:.2f}",
        f"{mean['flow_rate_m3s']:.3f}",
    )
    # 1 atm at sea level: m3/s x 3600 x 273.15 / T
    flow = mean["flow_rate_m3s"] * 3600 * 273.15 / (mean["temperature_c"] + 273.15)
    assert float(points[0][8]) == pytest.approx(flow, abs=0.06)
    assert float(points[0][7]) == pytest.approx(mean["co2_ppm"] * 1e-6 * 1963.49, abs=0.0006)
    record_kg = sum(float(row["record_kg"]) for row in rows)
    assert (points[0][3], float(points[0][9])) == ("20", pytest.approx(record_kg / 1000, abs=0.001))
    scheme = schemes()["cbam_style"]
    fire_log = scheme.fill(inputs_of(scheme, site, *YEAR)).series[0]
    measured_day = next(point for point in fire_log.points if point[0] == "2025-02-02")
    assert float(measured_day[1] or 0) == pytest.approx(record_kg, abs=0.1)


def _table(site: Factory, code: str, name: str) -> Any:
    scheme = schemes()[code]
    content = scheme.fill(inputs_of(scheme, site, *YEAR))
    assert read(json.dumps(content.to_json()).encode()) == content
    return next(table.rows for section in content.sections for table in section.tables if table.code == name)


@pytest.mark.parametrize(
    ("make_site", "code", "period"), [(make_tea, "ghg_protocol", YEAR), (make_mine, "ccts_india", INDIAN_YEAR)]
)
def test_every_identity_of_a_report_opens_a_card_that_gives_its_figure(make_site: Any, code: str, period: Any) -> None:
    site, scheme = make_site(), schemes()[code]
    content = scheme.fill(inputs_of(scheme, site, *period))
    user = make_user()
    make_membership(user=user, role=Role.HQ_MANAGER, organisation=site.organisation)
    fields = [field for section in content.sections for field in section.fields if field.figure]
    assert len(fields) >= 4

    for field in fields:
        card = explain(field.figure, user)
        assert card.is_identical, field.figure
        assert card.value is not None
        scale = 1000 if field.unit.startswith("t") else 1
        assert float(field.value or 0) == pytest.approx(float(card.value) / scale, abs=0.003)
