"""Settings of an organisation: what decides figures shows its effect on the past before it is stored."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from compliance.models import SiteDay
from emissions.models import EmissionHour
from energy.models import EnergyEntry
from energy.own_factors import FactorInput, add_factor
from factories.models import Factory, Organisation
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import day_of, make_hours

pytestmark = pytest.mark.django_db


def patch(browser: Client, organisation: Organisation, **body: Any) -> Any:
    return browser.patch(f"/api/organisations/{organisation.pk}/", body, content_type="application/json")


def figures(asked: Any) -> dict[str, tuple[float, float]]:
    return {figure["code"]: (figure["before"], figure["after"]) for figure in asked.json()["figures"]}


def test_a_new_gwp_set_shows_what_the_entries_would_be_and_keeps_them(hq: Client, cast: Cast) -> None:
    entry = make.make_energy_entry(cast.litein)
    make.make_target(cast.litein)
    assert entry.ch4_kg is not None
    assert entry.n2o_kg is not None

    asked = patch(hq, cast.organisation, gwp_set="AR5")
    cast.organisation.refresh_from_db()
    still = cast.organisation.gwp_set
    forged = patch(hq, cast.organisation, gwp_set="AR5", confirm="yes")
    stored = patch(hq, cast.organisation, gwp_set="AR5", confirm=asked.json()["confirm"])

    # Biogenic CH4 and N2O: AR6 27.0 and 273, AR5 28 and 265.
    before_kg = entry.ch4_kg * 27 + entry.n2o_kg * 273
    after_kg = entry.ch4_kg * 28 + entry.n2o_kg * 265
    found = figures(asked)
    assert (asked.status_code, forged.status_code) == (202, 202)
    assert still == "AR6"
    assert found.keys() == {"entries", "targets"}
    assert found["entries"] == pytest.approx((float(before_kg), float(after_kg)), abs=1e-3)
    assert found["targets"] == (0, 1)
    assert "Entries that are stored keep their figures." in asked.json()["message"]
    assert (stored.status_code, stored.json()["gwp_set"]) == (200, "AR5")
    unchanged = EnergyEntry.objects.get(pk=entry.pk)
    assert (unchanged.co2e_kg, unchanged.gwp_set) == (entry.co2e_kg, "AR6")
    litein = Factory.objects.get(pk=cast.litein.pk)
    assert make.make_energy_entry(litein, timestamp=datetime(2026, 11, 21, 9, tzinfo=UTC)).gwp_set == "AR5"


def mine_day(mine: Factory, starts_at: datetime) -> SiteDay:
    return SiteDay.objects.create(
        factory=mine,
        day=starts_at.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1),
        methane_co2e_kg=Decimal(29_800),
        refreshed_at=starts_at,
    )


def test_the_methane_of_a_mine_changes_for_all_days_and_says_so(hq: Client, cast: Cast) -> None:
    mine = make.make_factory(organisation=cast.organisation, sector="coal_mine")
    mine_day(mine, datetime(2026, 11, 2, tzinfo=UTC))

    asked = patch(hq, cast.organisation, gwp_set="AR5")
    mine_day(mine, timezone.now() - timedelta(hours=1))  # the running day's coal, entered meanwhile
    stored = patch(hq, cast.organisation, gwp_set="AR5", confirm=asked.json()["confirm"])

    # 29,800 kg CO2e are 1,000 kg of fossil CH4 in AR6 (29.8); in AR5 each kg counts 28: 28,000 kg.
    assert figures(asked) == {"methane": (29_800, pytest.approx(28_000))}
    assert asked.json()["figures"][0]["since"] == "2026-11-02"
    assert stored.status_code == 200


def test_a_set_that_changes_only_biogenic_co2_is_asked_about(hq: Client, cast: Cast) -> None:
    """1,000 kg of wood, by default at 30 % moisture: 1.28333 kg CO2/kg. Own: 14.2 GJ/t, 20.5 %: 1.4575 kg/kg."""
    entry = make.make_energy_entry(cast.litein, amount=Decimal(1000), unit="kg")
    own = {"energy_type": "firewood", "gas": "CO2", "per_unit": "kg", "set_name": "own", "valid_from": date(2026, 1, 1)}
    add_factor(cast.hq, cast.organisation, FactorInput(**own, source="laboratory", ncv_gj_per_t=Decimal("14.2")))

    asked = patch(hq, cast.organisation, factor_set="own")

    assert asked.status_code == 202
    assert entry.biogenic_co2_kg == pytest.approx(Decimal("1283.33"), abs=Decimal("0.01"))
    assert figures(asked)["biogenic_co2"] == pytest.approx((1283.33, 1457.5), abs=0.01)


def form_of(browser: Client) -> dict[str, Any]:
    form = browser.get("/organisation/").context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}


def test_each_site_has_its_own_before_and_after(hq: Client, cast: Cast) -> None:
    for factory, kg in ((cast.litein, 1000), (cast.momul, 3000)):
        make.make_energy_entry(factory, amount=Decimal(kg), unit="kg")

    asked = patch(hq, cast.organisation, gwp_set="AR4").json()
    page = hq.post("/organisation/", form_of(hq) | {"gwp_set": "AR4"}).content.decode()

    # 1,000 kg: 0.366513 kg CH4 and 0.048868 kg N2O; AR6 27 and 273, AR4 25 and 298
    one = (23.2369, 23.7255)
    found = [(figure["site"], figure["before"], figure["after"]) for figure in asked["figures"]]
    assert [name for name, *_sides in found] == [cast.litein.name, cast.momul.name, ""]
    for (_name, before, after), times in zip(found, (1, 3, 4), strict=True):
        assert (before, after) == pytest.approx((one[0] * times, one[1] * times), abs=0.01)
    assert f'<th scope="row">{cast.momul.name}</th>' in page


def test_what_decides_nothing_of_the_past_is_stored_at_once(hq: Client, cast: Cast) -> None:
    make.make_energy_entry(cast.litein)

    renamed = patch(hq, cast.organisation, name="Tea Group", publishes_names=True, languages=["sw", "en"])
    method = patch(hq, cast.organisation, substitution_method="eu")

    assert (renamed.status_code, method.status_code) == (200, 200)
    assert renamed.json()["languages"] == ["sw", "en"]


def test_another_substitution_method_shows_what_it_makes_of_each_site_and_recomputes(hq: Client, cast: Cast) -> None:
    start = datetime(2026, 11, 20, 3, tzinfo=UTC)
    chimney = make.make_chimney(factory=cast.litein)
    end = start + timedelta(hours=24)
    assignment = make.make_assignment(chimney=chimney, valid_from=start, valid_to=end)
    make_hours(assignment, start, 22, kg=600.0)
    EmissionHour.objects.update(co2_ppm=80_000.0, flow_rate_m3s=2.0)
    make.make_energy_entry(cast.litein)  # 14,850 kg CO2

    asked = patch(hq, cast.organisation, substitution_method="epa")
    stored = patch(hq, cast.organisation, substitution_method="epa", confirm=asked.json()["confirm"])

    assert (asked.status_code, stored.status_code) == (202, 200)
    # Two hours: 14,850 / 24 kg each by the wood; the hour before, 600 kg, by the EPA's rule.
    assert figures(asked) == {"substituted": (1237.5, 1200.0)}
    assert day_of(cast.litein).stack_co2_kg == 24 * 600


def test_what_is_entered_after_the_question_does_not_ask_it_again(hq: Client, cast: Cast) -> None:
    make.make_energy_entry(cast.litein)
    asked = patch(hq, cast.organisation, gwp_set="AR5").json()

    soon = timezone.now() + timedelta(minutes=1)
    make.make_bill(cast.litein, 5, soon, soon + timedelta(hours=1))
    late = patch(hq, cast.organisation, gwp_set="AR4", confirm=asked["confirm"])
    stored = patch(hq, cast.organisation, gwp_set="AR5", confirm=asked["confirm"])

    assert (late.status_code, stored.status_code) == (202, 200)


def test_the_confirmation_of_another_person_or_hour_is_not_taken(hq: Client, as_user: AsUser, cast: Cast) -> None:
    make.make_energy_entry(cast.litein)
    confirm = patch(hq, cast.organisation, gwp_set="AR5").json()["confirm"]
    other = make.make_user()
    make.make_membership(user=other, role=Role.HQ_MANAGER, organisation=cast.organisation)

    others = patch(as_user(other), cast.organisation, gwp_set="AR5", confirm=confirm)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        late = patch(hq, cast.organisation, gwp_set="AR5", confirm=confirm)

    assert (others.status_code, late.status_code) == (202, 202)


def test_what_is_entered_for_the_past_asks_again(hq: Client, cast: Cast) -> None:
    make.make_energy_entry(cast.litein)
    asked = patch(hq, cast.organisation, gwp_set="AR5").json()

    make.make_energy_entry(cast.litein, timestamp=timezone.now() - timedelta(days=2))

    assert patch(hq, cast.organisation, gwp_set="AR5", confirm=asked["confirm"]).status_code == 202


def test_the_page_keeps_and_sets_the_first_language(as_user: AsUser, cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.organisation.pk).update(languages=["sw", "en"])
    browser = as_user(cast.hq)
    form = browser.get("/organisation/").context["form"]
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    fields |= {"languages": ["en", "sw"]}  # the boxes stand in this order

    browser.post("/organisation/", fields | {"name": "Tea Group"})
    kept = Organisation.objects.get(pk=cast.organisation.pk)
    browser.post("/organisation/", fields | {"first_language": "en"})

    assert (kept.name, kept.languages) == ("Tea Group", ["sw", "en"])
    assert Organisation.objects.get(pk=cast.organisation.pk).languages == ["en", "sw"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"gwp_set": "AR7"}, "gwp_set"),
        ({"factor_set": "no-such-set"}, "factor_set"),
        ({"currency": "shilling"}, "currency"),
        ({"languages": ["xx"]}, "languages"),
        ({"country": "XX"}, "country"),
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"gwpset": "AR5"}, "gwpset"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(hq: Client, cast: Cast, body: dict[str, Any], field: str) -> None:
    make.make_organisation(name="Taken")

    answer = patch(hq, cast.organisation, **body)

    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_the_page_stores_what_was_shown_and_nothing_else(as_user: AsUser, cast: Cast) -> None:
    make.make_energy_entry(cast.litein)
    browser = as_user(cast.hq)
    fields = form_of(browser) | {"gwp_set": "AR5"}

    asked = browser.post("/organisation/", fields)
    other = browser.post("/organisation/", fields | {"gwp_set": "AR4", "confirm": asked.context["effect"].confirm})
    cast.organisation.refresh_from_db()
    still = cast.organisation.gwp_set
    applied = browser.post("/organisation/", fields | {"confirm": asked.context["effect"].confirm})
    cast.organisation.refresh_from_db()

    assert "Not saved yet" in asked.content.decode()
    assert "Not saved yet" in other.content.decode()
    assert still == "AR6"
    assert applied.status_code == 302
    assert cast.organisation.gwp_set == "AR5"
