"""An organisation's own factors: versions, what is filled by default, who sees them, when they hold, the preview."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError
from django.test import Client

from accounts.roles import Role
from energy.factor_api import NewFactorSerializer
from energy.loading import load
from energy.models import EmissionFactor, EnergyEntry
from energy.own_factors import FactorInput, add_factor, preview_factor
from factories.corrections import Confirmation, ConfirmationNeeded
from lib.errors import ApiError
from tests import make
from tests.cast import AsUser, Cast
from tests.logbook.doors import problem_of
from tests.make import make_energy_entry
from tests.measuring import at_once

URL = "/api/emission-factors/"
WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def wood(**fields: Any) -> FactorInput:
    """Wood as a laboratory of the organisation burned it: 14.2 GJ/t.

    This means (18.5 - 14.2) / 20.943 = 20.5 % moisture. Its CO2 is 0.795 x 0.50 x 44/12 = 1.4575
    kg/kg; by default, at 30 %, 1.28333.
    """
    said: dict[str, Any] = {
        "energy_type": "firewood",
        "gas": "CO2",
        "per_unit": "kg",
        "set_name": "own-2026",
        "valid_from": date(2026, 1, 1),
        "source": "laboratory report 12/2026",
        "ncv_gj_per_t": Decimal("14.2"),
    } | fields
    return FactorInput(**said)


def power(**fields: Any) -> FactorInput:
    said: dict[str, Any] = {
        "energy_type": "electricity",
        "gas": "CO2e",
        "per_unit": "kWh",
        "set_name": "own-grid",
        "country": "KE",
        "valid_from": date(2026, 1, 1),
        "source": "contract with the dam",
        "value": Decimal("0.02"),
    } | fields
    return FactorInput(**said)


def add(cast: Cast, data: FactorInput | None = None) -> EmissionFactor:
    """Confirmed, if it is asked first."""
    given = data or wood()
    try:
        return add_factor(cast.hq, cast.organisation, given, confirm=Confirmation(cast.hq.pk)).factor
    except ConfirmationNeeded as asked:
        confirm = Confirmation(cast.hq.pk, asked.effect.confirm)
        return add_factor(cast.hq, cast.organisation, given, confirm=confirm).factor


def burn(factory: Any, kg: int = 1000, **fields: Any) -> EnergyEntry:
    return make_energy_entry(factory, amount=Decimal(kg), unit="kg", **fields)


def prefer(cast: Cast, set_name: str = "own-2026") -> None:
    cast.organisation.factor_set = set_name
    cast.organisation.save()
    cast.litein.refresh_from_db()


# --- When they hold ----------------------------------------------------------------------------
def test_an_entry_that_names_the_set_goes_by_it_and_gases_left_out_by_default(cast: Cast) -> None:
    own = add(cast)

    entry = burn(cast.litein, factor_set="own-2026")

    # 14.2 GJ: CH4 30 and N2O 4 kg/TJ by default, AR6 27.0 and 273.
    assert (entry.factor, entry.biogenic_co2_kg) == (own, Decimal("1457.500000"))
    assert (entry.moisture_fraction, entry.moisture_is_default) == (Decimal("0.205"), True)
    assert (entry.ch4_kg, entry.n2o_kg) == (Decimal("0.426000"), Decimal("0.056800"))
    assert (entry.ch4_factor.set_name, entry.co2e_kg) == ("wood-by-moisture", Decimal("27.008400"))


def test_without_a_name_nothing_changes_until_the_organisation_prefers_the_set(cast: Cast) -> None:
    add(cast)
    published = burn(cast.litein)
    prefer(cast)

    preferred = burn(cast.litein)

    assert (published.biogenic_co2_kg, preferred.biogenic_co2_kg) == (Decimal("1283.333333"), Decimal("1457.5"))
    published.refresh_from_db()
    assert published.factor.set_name == "wood-by-moisture"


def test_a_preferred_set_holds_as_far_as_it_goes(cast: Cast) -> None:
    add(cast)
    prefer(cast)

    diesel = make_energy_entry(cast.litein, energy_type="diesel", amount=Decimal(100), unit="L")
    earlier = burn(cast.litein, timestamp=datetime(2025, 12, 31, 9, tzinfo=UTC))
    steres = make_energy_entry(cast.litein, amount=Decimal(1), unit="stere")
    elsewhere = burn(cast.elsewhere)

    assert diesel.factor.set_name == "ipcc-2006"
    assert earlier.factor.set_name == elsewhere.factor.set_name == "wood-by-moisture"
    # 450 kg at 25 % are as much dry wood as 450 x 0.75 / 0.795 kg at the moisture of the laboratory.
    assert (steres.factor.set_name, steres.factor_amount) == ("own-2026", Decimal("424.528301886792"))


def test_a_named_set_that_does_not_hold_is_an_error_never_the_default(cast: Cast) -> None:
    add(cast)

    for factory, when in ((cast.litein, datetime(2025, 6, 1, 9, tzinfo=UTC)), (cast.elsewhere, WHEN)):
        with pytest.raises(ApiError) as caught:
            burn(factory, factor_set="own-2026", timestamp=when)
        assert problem_of(caught)[:2] == ("factor_set", "no_factor")


def test_a_measured_methane_alone_changes_methane_alone(cast: Cast) -> None:
    add(cast, wood(gas="CH4", gas_kg_per_tj=Decimal(11)))

    entry = burn(cast.litein, factor_set="own-2026")

    # The default moisture of 30 %, so 12.2171 GJ.
    assert (entry.biogenic_co2_kg, entry.ch4_kg) == (Decimal("1283.333333"), Decimal("0.134388"))


def test_a_sum_of_all_gases_has_no_parts(cast: Cast) -> None:
    add(cast, wood(gas="CO2e", value=Decimal("0.05"), ncv_gj_per_t=None, gas_kg_per_tj=None))

    entry = burn(cast.litein, factor_set="own-2026")

    assert (entry.co2e_kg, entry.ch4_kg, entry.biogenic_co2_kg) == (50, None, Decimal("1283.333333"))


def test_a_contract_for_power_holds_in_its_country(cast: Cast) -> None:
    add(cast, power())
    prefer(cast, "own-grid")
    india = make.make_factory(organisation=cast.organisation, country="IN")

    kenyan, indian = (
        make_energy_entry(factory, energy_type="electricity", amount=Decimal(1000), unit="kWh")
        for factory in (cast.litein, india)
    )

    assert (kenyan.co2e_kg, indian.factor.set_name) == (20, "cea-v21")


# --- Versions ----------------------------------------------------------------------------------
def test_a_change_is_a_new_version_and_the_row_before_stays(cast: Cast) -> None:
    first = add(cast)
    old = burn(cast.litein, factor_set="own-2026")

    second = add(cast, wood(ncv_gj_per_t=Decimal("13.9")))
    new = burn(cast.litein, factor_set="own-2026")

    old.refresh_from_db()
    assert (first.version, second.version) == (1, 2)
    assert (old.factor, new.factor, new.biogenic_co2_kg) == (first, second, Decimal("1430"))  # 22.0 %: 0.78 x 1.83333


def test_the_same_again_adds_nothing(cast: Cast) -> None:
    first = add(cast)

    again = add_factor(cast.hq, cast.organisation, wood(ncv_gj_per_t=Decimal("14.20")))

    assert (again.factor, again.is_new) == (first, False)


def test_a_factor_from_a_later_day_holds_from_that_day_on(cast: Cast) -> None:
    add(cast)
    add(cast, wood(valid_from=date(2026, 11, 1), ncv_gj_per_t=Decimal("13.9")))
    add(cast, wood(ncv_gj_per_t=Decimal("14.5")))  # the first one again, corrected

    october = burn(cast.litein, factor_set="own-2026", timestamp=datetime(2026, 10, 9, 9, tzinfo=UTC))
    november = burn(cast.litein, factor_set="own-2026")

    assert [entry.factor.ncv_gj_per_t for entry in (october, november)] == [Decimal("14.5"), Decimal("13.9")]


def test_two_organisations_may_call_their_sets_the_same(cast: Cast) -> None:
    ours = add(cast)
    theirs = add_factor(cast.outsider, cast.elsewhere.organisation, wood(ncv_gj_per_t=Decimal(13))).factor

    assert (ours.version, theirs.version) == (1, 1)
    assert burn(cast.litein, factor_set="own-2026").factor == ours
    assert burn(cast.elsewhere, factor_set="own-2026").factor == theirs


def test_the_loader_of_the_release_leaves_own_factors_alone(cast: Cast) -> None:
    add(cast)

    loaded = load()

    assert (loaded.added, loaded.new_versions) == (0, 0)
    assert EmissionFactor.objects.filter(organisation__isnull=False).count() == 1


def test_the_database_refuses_to_overwrite_or_to_make_one_the_default(cast: Cast) -> None:
    own = add(cast)

    with pytest.raises(InternalError, match="never_overwritten"), transaction.atomic():
        EmissionFactor.objects.filter(pk=own.pk).update(value=1)
    own.pk, own.version, own.is_default = None, 9, True
    with pytest.raises(IntegrityError, match="factor_of_an_organisation_is_never_default"), transaction.atomic():
        own.save()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_add_at_once_get_two_versions() -> None:
    load()
    organisation, user = make.make_organisation(), make.make_user(password=None)

    at_once(4, lambda number: add_factor(user, organisation, wood(ncv_gj_per_t=Decimal(14) + number)))

    versions = EmissionFactor.objects.filter(organisation=organisation).values_list("version", flat=True)
    assert sorted(versions) == [1, 2, 3, 4]


# --- Purchased heat --------------------------------------------------------------------------------
def heat(gas: str, energy_type: str = "steam_biomass", **fields: Any) -> FactorInput:
    """Heat as its supplier states it, per GJ delivered."""
    return wood(energy_type=energy_type, gas=gas, per_unit="GJ", ncv_gj_per_t=None, **fields)


def test_heat_by_a_suppliers_sum_of_gases_has_the_energy_that_was_delivered(cast: Cast) -> None:
    add(cast, heat("CO2e", "steam", value=Decimal(70)))

    entry = make_energy_entry(
        cast.litein, energy_type="steam", amount=Decimal(1000), unit="kWh", factor_set="own-2026", timestamp=WHEN
    )

    assert (entry.energy_gj, entry.co2e_kg, entry.scope) == (Decimal("3.6"), 252, 2)  # 3.6 GJ x 70 kg


def test_carbon_of_heat_from_wood_is_outside_the_scopes_and_its_other_gases_are_asked_for(cast: Cast) -> None:
    add(cast, heat("CO2", gj_per_unit=Decimal("1.25"), gas_kg_per_tj=Decimal(105_044)))
    bought = {"energy_type": "steam_biomass", "amount": Decimal(10), "unit": "GJ", "factor_set": "own-2026"}

    with pytest.raises(ApiError) as caught:
        make_energy_entry(cast.litein, timestamp=WHEN, **bought)

    assert problem_of(caught)[:2] == ("factor_set", "no_factor_of_gas")
    add(cast, heat("CO2e", value=Decimal("2.4")))
    entry = make_energy_entry(cast.litein, timestamp=WHEN, **bought)
    # 10 GJ x 1.25 x 105.044 kg are biogenic; 10 x 2.4 count.
    assert (entry.biogenic_co2_kg, entry.co2_kg, entry.co2e_kg) == (Decimal("1313.05"), 0, 24)


# --- What is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        (wood(set_name="ipcc-2006"), "set_name", "published_set"),
        (wood(valid_to=date(2026, 1, 1)), "valid_to", "period_backward"),
        (wood(per_unit="L"), "per_unit", "unknown_unit"),
        (wood(gas="CH4", value=Decimal("0.0005")), "gas_kg_per_tj", "required"),
        (wood(gas="CH4", gas_kg_per_tj=Decimal(30), ncv_gj_per_t=None), "ncv_gj_per_t", "required"),
        (wood(gas_kg_per_tj=Decimal(112_000)), "gas_kg_per_tj", "of_moisture"),
        (wood(ncv_gj_per_t=None), "ncv_gj_per_t", "required"),
        (wood(ncv_gj_per_t=Decimal(19)), "ncv_gj_per_t", "out_of_range"),
        (wood(gas="CO2e", value=Decimal("0.05"), ncv_gj_per_t=Decimal(19)), "ncv_gj_per_t", "out_of_range"),
        (heat("CO2", value=Decimal(60)), "gas_kg_per_tj", "required"),
        (heat("CH4", value=Decimal("0.03")), "gas_kg_per_tj", "required"),
        (wood(per_unit="stere"), "kg_per_unit", "required"),
        (wood(value=Decimal("1.6")), "value", "disagrees"),
        (wood(gj_per_unit=Decimal("0.015")), "gj_per_unit", "disagrees"),
        (wood(kg_per_unit=Decimal(2)), "kg_per_unit", "not_exact"),
        (wood(energy_type="plutonium"), "energy_type", "unknown_energy_type"),
        (power(value=None), "value", "required"),
    ],
)
def test_a_factor_that_cannot_be_is_refused_by_name(cast: Cast, data: FactorInput, field: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        add(cast, data)

    assert problem_of(caught)[:2] == (field, code)
    assert not EmissionFactor.objects.filter(organisation__isnull=False).exists()


# --- Before and after --------------------------------------------------------------------------
def test_a_preview_answers_the_last_year_before_and_after_and_stores_nothing(cast: Cast) -> None:
    for factory, when in (
        (cast.litein, WHEN),
        (cast.momul, WHEN - timedelta(days=100)),
        (cast.litein, datetime(2025, 12, 31, 9, tzinfo=UTC)),  # before the factor holds
        (cast.litein, NOW - timedelta(days=366)),
        (cast.elsewhere, WHEN),
    ):
        burn(factory, timestamp=when)
    gone = burn(cast.litein)
    EnergyEntry.objects.filter(pk=gone.pk).update(deleted_at=NOW)

    found = preview_factor(cast.organisation, wood(), NOW)

    assert (found.entries, found.revalued, found.not_valued) == (3, 2, 0)
    assert (found.before.biogenic_co2_kg, found.before.co2e_kg) == (
        3 * Decimal("1283.333333"),
        3 * Decimal("23.236924"),
    )
    assert (found.after.biogenic_co2_kg, found.after.co2e_kg) == (
        Decimal("1283.333333") + 2 * Decimal("1457.5"),
        Decimal("23.236924") + 2 * Decimal("27.0084"),
    )
    assert not EmissionFactor.objects.filter(organisation__isnull=False).exists()


def test_a_preview_says_what_storing_and_preferring_would_make_true(cast: Cast) -> None:
    entries = [burn(cast.litein, kg, timestamp=WHEN - timedelta(days=kg)) for kg in (7, 31, 58)]
    found = preview_factor(cast.organisation, wood(), NOW)

    add(cast)
    again = [burn(cast.litein, int(e.amount), timestamp=e.timestamp, factor_set="own-2026") for e in entries]

    assert found.after.co2e_kg == sum(entry.co2e_kg for entry in again)
    assert found.after.biogenic_co2_kg == sum(entry.biogenic_co2_kg for entry in again)


def test_what_the_factors_unit_does_not_fit_is_counted_and_left_as_stored(cast: Cast) -> None:
    make_energy_entry(cast.litein, energy_type="biogas_raw", amount=Decimal(10), unit="Nm3")
    data = wood(
        energy_type="biogas_raw", per_unit="Nm3", gas="CO2e", value=Decimal(2), ncv_gj_per_t=None, gas_kg_per_tj=None
    )
    make_energy_entry(cast.litein, energy_type="biogas_raw", amount=Decimal(1), unit="GJ")

    found = preview_factor(cast.organisation, data, NOW)

    assert (found.entries, found.revalued, found.not_valued) == (2, 2, 1)
    stored = EnergyEntry.objects.get(unit="GJ").co2e_kg
    assert found.after.co2e_kg == 20 + stored


def test_a_changed_factor_shows_each_site_before_it_is_stored(cast: Cast) -> None:
    add(cast)
    burn(cast.litein, timestamp=WHEN)
    burn(cast.momul, 2000, timestamp=WHEN)
    changed = wood(ncv_gj_per_t=Decimal("13.9"))

    with pytest.raises(ConfirmationNeeded) as asked:
        add_factor(cast.hq, cast.organisation, changed, confirm=Confirmation(cast.hq.pk))

    shown = [(one.site, one.before, one.after) for one in asked.value.effect.figures if one.code == "biogenic_co2"]
    # 13.9 GJ/t is (18.5 - 13.9) / 20.943 = 22.0 % moisture: 0.78 x 0.5 x 44/12 = 1.43 kg/kg
    assert [(name, before) for name, before, _after in shown] == [
        (cast.litein.name, pytest.approx(1283.333, abs=0.001)),
        (cast.momul.name, pytest.approx(2566.667, abs=0.001)),
    ]
    assert [after for *_rest, after in shown] == pytest.approx([1430, 2860], abs=0.01)
    assert EmissionFactor.objects.get(organisation=cast.organisation).version == 1
    confirm = Confirmation(cast.hq.pk, asked.value.effect.confirm)
    assert add_factor(cast.hq, cast.organisation, changed, confirm=confirm).factor.version == 2


# --- The API -----------------------------------------------------------------------------------
def body(**fields: Any) -> dict[str, Any]:
    return dict(NewFactorSerializer.Meta.swagger_schema_fields["example"]) | fields


def post(client: Client, data: Any, query: str = "") -> Any:
    return client.post(f"{URL}{query}", data, content_type="application/json")


def test_hq_looks_adds_and_finds_its_factor(cast: Cast, as_user: AsUser) -> None:
    burn(cast.litein)
    client = as_user(cast.hq)

    looked = post(client, body(), "?preview=true")
    added, again = post(client, body()), post(client, body())

    assert (looked.status_code, looked.json()["factor"]["id"], looked.json()["entries"]) == (200, None, 1)
    assert (looked.json()["before"]["biogenic_co2_kg"], looked.json()["after"]["biogenic_co2_kg"]) == (
        "1283.333333",
        "1457.500000",
    )
    assert (added.status_code, again.status_code, again.json()) == (201, 200, added.json())
    assert (added.json()["organisation"], added.json()["value"], added.json()["unit"]) == (
        cast.organisation.pk,
        "1.4575",
        "kg CO2/kg",
    )
    assert client.get(f"{URL}?own=true").json()["results"] == [added.json()]


def test_own_factors_of_others_are_hidden(cast: Cast, as_user: AsUser) -> None:
    own = add(cast)

    def seen(user: Any) -> tuple[int, int]:
        client = as_user(user)
        return client.get(f"{URL}?own=true").json()["count"], client.get(f"{URL}{own.pk}/").status_code

    assert [seen(user) for user in (cast.hq, cast.auditor, cast.litein_manager)] == [(1, 200)] * 3
    assert seen(cast.outsider) == (0, 404)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("litein_manager", 403),
        ("hq", 201),
        ("installer", 403),
        ("auditor", 403),
        ("integrator", 403),
        ("outsider", 201),
        ("nobody", 403),
    ],
)
def test_who_may_add_a_factor(who: str, status: int, cast: Cast, as_user: AsUser) -> None:
    assert post(as_user(getattr(cast, who)), body()).status_code == status


def test_nobody_adds_to_an_organisation_of_others(cast: Cast, as_user: AsUser) -> None:
    assert post(as_user(cast.outsider), body(organisation=cast.organisation.pk)).status_code == 404
    county = make.make_user(email="county@test.example")
    make.make_membership(user=county, role=Role.HQ_MANAGER, organisation=cast.organisation, county="Kericho")
    assert post(as_user(county), body()).status_code == 403


def test_a_manager_of_two_organisations_names_one(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.hq, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)
    client = as_user(cast.hq)

    unnamed, named = post(client, body()), post(client, body(organisation=cast.elsewhere.organisation.pk))

    assert (unnamed.status_code, list(unnamed.json()["fields"])) == (400, ["organisation"])
    assert (named.status_code, named.json()["organisation"]) == (201, cast.elsewhere.organisation.pk)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"gas": "SF6"}, "gas"),
        ({"set_name": "Our Set"}, "set_name"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"ncv_gj_per_t": "-1"}, "ncv_gj_per_t"),
        ({"ncv_gj_per_t": "1e9"}, "ncv_gj_per_t"),
        ({"source": ""}, "source"),
        ({"country": "Kenya"}, "country"),
        ({"value": "NaN"}, "value"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, as_user: AsUser, fields: dict[str, Any], field: str) -> None:
    response = post(as_user(cast.hq), body(**fields))

    assert (response.status_code, list(response.json()["fields"])) == (400, [field])
