"""The PACT export against our own rules: what is there, in which form, and what it refuses to invent."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from compliance.reports.content import Content
from compliance.schemes import pact, schemes
from tests.compliance.schemes.worlds import INDIAN_YEAR, YEAR, inputs_of, make_mine, make_tea

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PUBLISHED = datetime(2026, 2, 1, 12, tzinfo=UTC)
PRODUCT = {
    "operator__legal_name": "Litein Tea Company",
    "company_urn": "urn:pact:company:customcode:litein",
    "product_urn": "urn:gtin:5901234123457",
    "product_name": "BP1",
    "product_description": "Black CTC tea, bulk",
    "fossil_carbon": "0",
    "biogenic_carbon": "0.45",
    "exempted_pct": "60",
}
RATINGS = {"dqr__technological": "2", "dqr__geographical": "1.5", "dqr__temporal": "1"}


def tea(**entered: str) -> Content:
    scheme = schemes()["product_footprint"]
    return scheme.fill(inputs_of(scheme, make_tea(), *YEAR, **entered))


def test_the_export_keeps_the_rules_and_adds_up() -> None:
    content = tea(**PRODUCT, **RATINGS)
    document = pact.export(content, created=PUBLISHED)
    fields = {field.code: field.value for section in content.sections for field in section.fields}
    pcf = document["pcf"]

    assert pact.problems(document) == []
    assert (document["specVersion"], document["status"], document["created"]) == (
        "3.0.0",
        "Active",
        "2026-02-01T12:00:00Z",
    )
    assert (pcf["referencePeriodStart"], pcf["referencePeriodEnd"]) == ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    assert pcf["pcfExcludingBiogenicUptake"] == fields["pcf"]
    parts = Decimal(pcf["fossilGhgEmissions"]) + Decimal(pcf["biogenicNonCO2Emissions"])
    assert Decimal(pcf["pcfExcludingBiogenicUptake"]) == parts
    # 0.45 kg C x 44/12 taken up
    assert pcf["biogenicCO2Uptake"] == "-1.65"
    assert Decimal(pcf["pcfIncludingBiogenicUptake"]) == parts - Decimal("1.65")
    assert pcf["geographyCountry"] == "KE"
    assert "gate to gate" in pcf["boundaryProcessesDescription"]
    assert "not a footprint from cradle to gate" in document["comment"]
    assert pact.export(content, created=PUBLISHED) == document
    assert pact.export(content, created=PUBLISHED, preceding=(document["id"],))["precedingPfIds"] == [document["id"]]


def test_what_nobody_entered_is_named_and_not_invented() -> None:
    with pytest.raises(pact.PactError) as caught:
        pact.export(tea(operator__legal_name="Litein"), created=PUBLISHED)
    named = " ".join(caught.value.problems)
    for field in ("company_urn", "product_urn", "product_name", "fossil_carbon", "biogenic_carbon", "exempted_pct"):
        assert field in named
    assert "operator.legal_name" not in named


def test_a_mine_exports_its_coal() -> None:
    scheme = schemes()["product_footprint"]
    carbon = {"fossil_carbon": "0.45", "biogenic_carbon": "0"}
    content = scheme.fill(inputs_of(scheme, make_mine(), *INDIAN_YEAR, **(PRODUCT | carbon)))
    pcf = pact.export(content, created=PUBLISHED)["pcf"]
    assert pcf["pcfExcludingBiogenicUptake"] == pcf["pcfIncludingBiogenicUptake"] == pcf["fossilGhgEmissions"]
    assert "biogenicNonCO2Emissions" not in pcf


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("id",), "1", "id='1' is not of the form uuid"),
        (("version",), 1, "version is unknown"),
        (("companyIds",), [], "companyIds is not a list of different values"),
        (("companyIds",), ["urn:a:b", "urn:a:b"], "companyIds is not a list of different values"),
        (("pcf", "declaredUnitAmount"), 1, "pcf.declaredUnitAmount=1 is not of the form not_negative"),
        (("pcf", "declaredUnitOfMeasurement"), "kg", "pcf.declaredUnitOfMeasurement='kg' is not of the form unit"),
        (
            ("pcf", "packagingEmissionsIncluded"),
            "no",
            "pcf.packagingEmissionsIncluded='no' is not of the form yes_or_no",
        ),
        (("pcf", "dqi", "temporalDQR"), "6", "pcf.dqi.temporalDQR='6' is not of the form rating"),
    ],
)
def test_the_rules_find_what_is_wrong(path: tuple[str, ...], value: object, problem: str) -> None:
    document = pact.export(tea(**PRODUCT, **RATINGS), created=PUBLISHED)
    at = document
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    assert pact.problems(document) == [problem]


def test_the_rules_carry_the_notice_and_disclaimer_of_wbcsd() -> None:
    loaded = json.loads((Path(pact.__file__).parent / "pact_rules.json").read_text())
    notice = " ".join(loaded["notice"])
    assert "World Business Council for Sustainable Development" in notice
    assert '"as is" and "as available" without any representations or warranties' in notice
    assert "5.2 In no event will Licensor be liable" in notice
