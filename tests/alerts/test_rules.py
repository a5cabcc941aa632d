"""Rules: which holds, what is refused, copies, files, and limits from a site's own 28 days."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Role
from alerts.choices import AlertKind, LimitBasis
from alerts.models import AlertRule
from alerts.rules import copy_rules, ensure_usual_rules, exported, import_rules, proposed_limit, set_rule
from lib.errors import ApiError
from tests import make
from tests.alerts.build import make_sensor, put_minutes
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _usual(cast: Cast) -> None:
    ensure_usual_rules()


def test_a_site_begins_with_the_rule_of_its_organisation(cast: Cast) -> None:
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 150_000.0, "duration_s": 600}, factory=None)

    own = set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 160_000.0}, factory=cast.litein)

    assert (own.limit, own.duration_s, own.hysteresis, own.changed_by) == (160_000.0, 600, 5_000.0, cast.hq)


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("ghosts", {}, "kind"),
        (AlertKind.CO2_HIGH, {"limit": None}, "limit"),
        (AlertKind.CO2_HIGH, {"limit": float("nan")}, "limit"),
        (AlertKind.CO2_HIGH, {"hysteresis": float("inf")}, "hysteresis"),
        (AlertKind.TEMPERATURE_LOW, {"limit": -51.0}, "limit"),
        # The end of a calibration less so many days would be before the year 1, and stop the round of everybody.
        (AlertKind.CALIBRATION_ENDING, {"limit": 1_000_000.0}, "limit"),
        (AlertKind.SENSOR_SILENT, {"limit": 5.0}, "limit"),
        (AlertKind.CO2_HIGH, {"duration_s": 6 * 3600 + 1}, "duration_s"),
        (AlertKind.CO2_HIGH, {"from_hour": 6}, "to_hour"),
        (AlertKind.CO2_HIGH, {"from_hour": 6, "to_hour": 6}, "to_hour"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field(cast: Cast, kind: str, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as refused:
        set_rule(cast.hq, cast.organisation, kind, values, factory=None)

    assert list(refused.value.fields) == [field]


def test_a_copy_replaces_the_own_rules_of_other_sites(cast: Cast) -> None:
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 160_000.0}, factory=cast.litein)
    set_rule(cast.hq, cast.organisation, AlertKind.FLOW_HIGH, {"limit": 9.0}, factory=cast.momul)

    assert copy_rules(cast.hq, cast.litein, [cast.momul]) == 1

    (rule,) = AlertRule.objects.filter(factory=cast.momul)
    assert (rule.kind, rule.limit) == (AlertKind.CO2_HIGH, 160_000.0)


def test_rules_travel_as_a_file(cast: Cast) -> None:
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 160_000.0}, factory=cast.litein)
    file = json.loads(json.dumps(exported(cast.organisation)))
    AlertRule.objects.filter(factory=cast.litein).delete()

    assert import_rules(cast.hq, cast.organisation, file["rules"]) == len(file["rules"]) == 17

    assert exported(cast.organisation) == file
    with pytest.raises(ApiError) as refused:
        import_rules(cast.hq, cast.organisation, [{"kind": "co2_high"}, {"factory": "Nowhere", "kind": "co2_high"}])
    assert refused.value.fields["rules"][0]["params"] == {"number": 2, "name": "Nowhere"}


def test_a_limit_is_proposed_from_the_sites_own_minutes(cast: Cast) -> None:
    """Of 2,000 minutes two are at 150,000 ppm; the 99.9th percentile lies between these and the others."""
    sensor = make_sensor(cast.litein)
    minutes = [{"co2_ppm": 90_000.0 + i} for i in range(1_998)] + [{"co2_ppm": 150_000.0}] * 2
    put_minutes(sensor, datetime(2026, 11, 20, tzinfo=UTC), *minutes)
    at = 0.999 * 1_999  # 1,997.001: between the last of the ordinary ones (91,997) and the first of the two
    expected = 91_997 + (at - 1_997) * (150_000 - 91_997)

    assert expected == pytest.approx(92_055.0, abs=0.1)
    assert proposed_limit(cast.litein, AlertKind.CO2_HIGH, NOW) == 92_100.0  # three digits
    assert proposed_limit(cast.momul, AlertKind.CO2_HIGH, NOW) is None
    assert proposed_limit(cast.litein, AlertKind.SENSOR_SILENT, NOW) is None


def test_the_pages_of_rules(cast: Cast, as_user: AsUser) -> None:
    hq, manager = as_user(cast.hq), as_user(cast.litein_manager)
    url = f"/alarms/rules/co2_high/?factory={cast.litein.pk}"

    assert "170,000 ppm" in hq.get("/alarms/rules/").content.decode()
    form = {"is_enabled": "on", "severity": "warning", "limit": "165,000", "hysteresis": "4000", "duration": "10"}
    assert hq.post(url, form).status_code == 302
    rule = AlertRule.objects.get(factory=cast.litein)
    assert (rule.limit, rule.duration_s, rule.severity, rule.limit_basis) == (
        165_000.0,
        600,
        "warning",
        LimitBasis.FIXED,
    )
    shown = manager.get(f"/alarms/rules/?factory={cast.litein.pk}").content.decode()
    assert "165,000 ppm" in shown
    assert "the site's own" in shown
    assert "Set rules from a file" not in shown
    assert "outside" in hq.post(url, form | {"duration": "1000"}).content.decode()  # minutes: more than six hours
    assert hq.post("/alarms/rules/", {"act": "copy"}).status_code == 200
    copied = hq.post(f"/alarms/rules/?factory={cast.litein.pk}", {"act": "copy", "targets": [cast.momul.pk]})
    assert copied.status_code == 302
    assert AlertRule.objects.filter(factory=cast.momul).count() == 1
    assert hq.post(url, form | {"act": "remove"}).status_code == 302
    assert not AlertRule.objects.filter(factory=cast.litein).exists()


def test_rules_by_api(cast: Cast, as_user: AsUser) -> None:
    def post(client: Client, path: str, body: Any) -> Any:
        return client.post(f"/api/alert-rules/{path}", body, content_type="application/json")

    hq = as_user(cast.hq)
    made = post(hq, "", {"factory": cast.litein.pk, "kind": "co2_high", "limit": 160_000})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]

    changed = hq.patch(f"/api/alert-rules/{pk}/", {"limit": None}, content_type="application/json")

    assert changed.status_code == 400
    assert "limit" in changed.json()["fields"]
    own = hq.get("/api/alert-rules/", {"factory": cast.litein.pk}).json()["results"]
    assert [(rule["kind"], rule["limit"], rule["unit"]) for rule in own] == [("co2_high", 160_000.0, "ppm")]
    file = hq.get("/api/alert-rules/export/").json()
    assert post(hq, "import/", file).json() == {"count": 17}
    refused = post(hq, "copy/", {"factory": cast.litein.pk, "targets": [cast.elsewhere.pk]})
    assert refused.status_code == 404
    assert hq.delete(f"/api/alert-rules/{pk}/").status_code == 204
    proposal = hq.get("/api/alert-rules/proposal/", {"factory": cast.litein.pk, "kind": "co2_high"})
    assert proposal.json() == {"limit": None, "unit": "ppm"}


def test_only_headquarters_of_all_sites_set_the_rules_of_the_organisation(cast: Cast, as_user: AsUser) -> None:
    """HQ of a county set those of their sites; the organisation's hold at sites of others too."""
    regional = make.make_user()
    make.make_membership(user=regional, role=Role.HQ_MANAGER, organisation=cast.organisation, county=cast.litein.county)
    client = as_user(regional)
    usual = AlertRule.objects.get(organisation=cast.organisation, factory=None, kind=AlertKind.CO2_HIGH)
    form = {"is_enabled": "on", "severity": "warning", "limit": "165,000", "hysteresis": "4000", "duration": "10"}

    asked = client.patch(f"/api/alert-rules/{usual.pk}/", {"limit": 1.0}, content_type="application/json")

    assert asked.status_code == 403
    assert client.post("/alarms/rules/co2_high/", form).status_code == 403
    file = SimpleUploadedFile("rules.json", json.dumps(exported(cast.organisation)).encode())
    assert client.post("/alarms/rules/", {"act": "import", "file": file}).status_code == 403
    assert client.post(f"/alarms/rules/co2_high/?factory={cast.litein.pk}", form).status_code == 302
    usual.refresh_from_db()
    assert usual.limit == 170_000
    assert AlertRule.objects.get(factory=cast.litein).limit == 165_000


def test_whoever_only_reads_here_sets_no_rules_here_though_they_do_elsewhere(cast: Cast, as_user: AsUser) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.AUDITOR, organisation=cast.organisation)
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)
    file = SimpleUploadedFile("rules.json", json.dumps(exported(cast.organisation)).encode())

    assert as_user(user).post("/alarms/rules/", {"act": "import", "file": file}).status_code == 403
