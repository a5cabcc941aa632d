"""The factor table against the printed one of the source, and which factor holds when, where and by which set."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from energy.choices import FactorType
from energy.factors import FactorBook, find_energy_type, main_factor
from energy.loading import DATA, load
from energy.management.commands import load_factors
from energy.models import EmissionFactor, EnergyType
from energy.valuation import value_amount
from energy.wood import Moisture
from lib.errors import ApiError
from science.rounding import decimal_kg
from tests.make import make_energy_entry, make_factory

pytestmark = pytest.mark.django_db

# type, unit, set, country; GJ, CO2, CH4, N2O per unit, CO2e of CH4 + N2O by AR5 and AR6, worked out by hand. CO2 of
# wood is (1 - M) x 0.50 x 44/12 at the moisture M that the heating value means: 30, 13.8, 26.4, 25 and 7.6 %.
PRINTED = """
firewood             kg    wood-by-moisture     KE 0.0122171  1.28333  3.66513e-4 4.88684e-5 0.0232125  0.0232369
firewood             kg    ipcc-2006            KE 0.0156000  1.58033  4.68000e-4 6.24000e-5 0.0296400  0.0296712
firewood             kg    ben-2023             BR 0.0129791  1.34933  3.89372e-4 5.19163e-5 0.0246603  0.0246862
firewood             stere wood-by-moisture     KE 5.96891    618.750  0.179067   0.0238756  11.3409    11.3529
wood_pellets         kg    ipcc-2006            KE 0.0169083  1.69400  5.07250e-4 6.76333e-5 0.0321258  0.0321596
agri_briquettes      kg    ipcc-2006            KE 0.0116000  1.16000  3.48000e-4 4.64000e-5 0.0220400  0.0220632
husk                 kg    ipcc-2006            KE 0.0150000  1.50000  4.50000e-4 6.00000e-5 0.0285000  0.0285300
bagasse              kg    ipcc-2006            KE 0.0116000  1.16000  3.48000e-4 4.64000e-5 0.0220400  0.0220632
bagasse              kg    ben-2023             KE 0.00891788 0.892680 2.67537e-4 3.56715e-5 0.0169440  0.0169618
charcoal             kg    ipcc-2006            KE 0.0295000  3.30400  5.90000e-3 1.18000e-4 0.196470   0.191514
biogas               kg    ipcc-2006            KE 0.0504000  2.75184  5.04000e-5 5.04000e-6 0.00274680 0.00273672
biogas_raw           Nm3   ipcc-2006            KE 0.0215000  1.95890  2.15000e-5 2.15000e-6 0.00117175 0.00116745
biodiesel            L     ipcc-2006            KE 0.0237600  1.68221  7.12800e-5 1.42560e-5 0.00577368 0.00581645
diesel               L     ipcc-2006            KE 0.0361200  2.67649  1.08360e-4 2.16720e-5 0.00877716 0.00914558
petrol               L     ipcc-2006            KE 0.0327820  2.27179  9.83460e-5 1.96692e-5 0.00796603 0.00830040
kerosene             L     ipcc-2006            KE 0.0350400  2.51938  1.05120e-4 2.10240e-5 0.00851472 0.00887213
heavy_fuel_oil       L     ipcc-2006            KE 0.0379760  2.93934  1.13928e-4 2.27856e-5 0.00922817 0.00961552
lpg                  kg    ipcc-2006            KE 0.0473000  2.98463  4.73000e-5 4.73000e-6 0.00257785 0.00270083
lpg                  L     ipcc-2006            KE 0.0255420  1.61170  2.55420e-5 2.55420e-6 0.00139204 0.00145845
natural_gas          kg    ipcc-2006            KE 0.0480000  2.69280  4.80000e-5 4.80000e-6 0.00261600 0.00274080
natural_gas          Nm3   ipcc-2006            KE 0.0360000  2.01960  3.60000e-5 3.60000e-6 0.00196200 0.00205560
natural_gas          Nm3   bee-ccts             IN 0.0360000  2.01960  3.60000e-5 3.60000e-6 0.00196200 0.00205560
anthracite           t     ipcc-2006            KE 26.7000    2624.61  0.267000   0.0400500  18.0892    18.8902
coking_coal          t     ipcc-2006            KE 28.2000    2667.72  0.282000   0.0423000  19.1055    19.9515
bituminous_coal      t     ipcc-2006            KE 25.8000    2440.68  0.258000   0.0387000  17.4795    18.2535
sub_bituminous_coal  t     ipcc-2006            KE 18.9000    1816.29  0.189000   0.0283500  12.8047    13.3717
indian_domestic_coal t     bee-ccts             IN 19.6000    1883.56  0.196000   0.0294000  13.2790    13.8670
lignite              t     ipcc-2006            KE 11.9000    1201.90  0.119000   0.0178500  8.06225    8.41925
coke                 t     ipcc-2006            KE 28.2000    3017.40  0.282000   0.0423000  19.1055    19.9515
petroleum_coke       t     ipcc-2006            KE 32.5000    3168.75  0.0975000  0.0195000  7.89750    8.22900
coal_briquettes      t     ipcc-2006            KE 20.7000    2018.25  0.207000   0.0310500  14.0242    14.6452
peat                 t     ipcc-2006            KE 9.76000    1034.56  0.0195200  0.0146400  4.42616    4.57842
used_oil             t     ipcc-2006            KE 40.2000    2946.66  1.20600    0.160800   76.3800    79.8372
""".strip().splitlines()
DAY = date(2026, 11, 20)
# Ember and CEA in docs/sources.md: g CO2e/kWh by calendar year, and t CO2/MWh by Indian fiscal year.
KENYA = dict(
    zip(
        range(2010, 2026),
        [
            "199.7",
            "233.7",
            "179.9",
            "174.5",
            "188.0",
            "104.0",
            "108.5",
            "163.4",
            "117.7",
            "102.9",
            "71.9",
            "96.1",
            "109.6",
            "96.9",
            "85.2",
            "95.4",
        ],
        strict=True,
    )
)
INDIA = dict(zip(range(2020, 2025), ["0.7026", "0.7152", "0.7191", "0.7290", "0.7117"], strict=True))


def book(code: str, country: str = "KE", set_name: str = "") -> FactorBook:
    return FactorBook(EnergyType.objects.get(code=code), country, set_name)


def printed(text: str) -> object:
    """The table has six significant digits: half of the last one is what its rounding can hide."""
    digits = Decimal(text)
    step = Decimal(10) ** (digits.adjusted() - 5)
    # A hair above one half: 18.08925 is printed as 18.0892, a half to even.
    return pytest.approx(digits, rel=0, abs=step * Decimal("0.500001"))


@pytest.mark.parametrize("line", PRINTED, ids=lambda line: " ".join(line.split()[:3]))
def test_a_fuel_row_multiplies_out_to_the_printed_one(line: str) -> None:
    code, unit, set_name, country, gj, co2, ch4, n2o, ar5, ar6 = line.split()
    million = Decimal(10) ** 6  # so that six decimals of a kilogram hold the six digits of the table
    stacked = Moisture(Decimal("0.25") if unit == "stere" else None)
    results = {
        gwp_set: value_amount(
            million,
            unit,
            book=book(code, country, set_name),
            local={},
            first_day=DAY,
            last_day=DAY,
            gwp_set=gwp_set,
            moisture=stacked,
        )[0]
        for gwp_set in ("AR5", "AR6")
    }

    result = results["AR6"]
    is_biogenic = EnergyType.objects.get(code=code).is_biogenic
    assert result.energy_gj / million == printed(gj)
    assert (result.biogenic_co2_kg if is_biogenic else result.co2_kg) / million == printed(co2)
    assert (result.co2_kg if is_biogenic else result.biogenic_co2_kg) == 0
    assert result.ch4_kg / million == printed(ch4)
    assert result.n2o_kg / million == printed(n2o)
    for gwp_set, text in (("AR5", ar5), ("AR6", ar6)):
        found = results[gwp_set]
        assert (found.co2e_kg - found.co2_kg) / million == printed(text), gwp_set
    by_gas = book(code, country, set_name).on(DAY).by_unit[unit]
    assert decimal_kg(main_factor(by_gas).value * million) == result.co2_kg + result.biogenic_co2_kg
    assert decimal_kg(by_gas["CH4"].value * million) == result.ch4_kg
    assert decimal_kg(by_gas["N2O"].value * million) == result.n2o_kg


def test_every_fuel_of_the_table_is_a_row_and_every_type_has_one() -> None:
    fuels = set(EmissionFactor.objects.filter(gj_per_unit__isnull=False).values_list("energy_type__code", flat=True))

    assert fuels == {line.split()[0] for line in PRINTED} | {"steam", "steam_biomass"}
    assert not EnergyType.objects.filter(factors__isnull=True).exists()


@pytest.mark.parametrize(
    ("code", "set_name", "kg_per_t"),
    [
        ("explosive_anfo", "", "188"),
        ("explosive_anfo", "aus-nga", "170"),
        ("explosive_emulsion", "", "170"),
        ("explosive_heavy_anfo", "", "180"),
    ],
)
def test_explosives_give_the_printed_co2_and_nothing_else(code: str, set_name: str, kg_per_t: str) -> None:
    result, _notices = value_amount(
        Decimal(500), "kg", book=book(code, "IN", set_name), local={}, first_day=DAY, last_day=DAY, gwp_set="AR6"
    )

    assert result.co2e_kg == result.co2_kg == Decimal(kg_per_t) / 2
    assert (result.ch4_kg, result.n2o_kg, result.scope) == (None, None, 1)


# --- Grids -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("year", "grams"), KENYA.items())
def test_kenyas_grid_of_each_year(year: int, grams: str) -> None:
    for day in (date(year, 1, 1), date(year, 12, 31)):
        found = book("electricity").on(day)

        factor = main_factor(found.by_unit["kWh"])
        assert (factor.value * 1000, factor.gas, factor.basis) == (Decimal(grams), "CO2e", "life-cycle")
        assert found.notices == ()


@pytest.mark.parametrize(("year", "value"), INDIA.items())
def test_indias_grid_of_each_fiscal_year(year: int, value: str) -> None:
    for day in (date(year, 4, 1), date(year + 1, 3, 31)):
        factor = main_factor(book("electricity", "IN").on(day).by_unit["kWh"])

        assert (factor.value, factor.gas, factor.basis) == (Decimal(value), "CO2", "direct")


def test_a_grid_without_a_factor_of_the_year_takes_the_latest_earlier_one_and_says_so() -> None:
    found = book("electricity").on(DAY)

    assert main_factor(found.by_unit["kWh"]).value == Decimal("0.0954")
    assert [(n.code, n.params["valid_from"]) for n in found.notices] == [("factor_of_earlier_year", "2025-01-01")]


@pytest.mark.parametrize(
    ("country", "day", "set_name"),
    [
        ("KE", date(2009, 12, 31), ""),
        ("IN", date(2018, 1, 1), ""),
        ("KR", date(2018, 1, 1), ""),
        ("KE", date(2024, 1, 1), "cea-v21"),
        ("KE", date(2024, 1, 1), "no-such-set"),
    ],
)
def test_a_place_and_date_without_a_factor_is_an_error_that_says_what_there_is(
    country: str, day: date, set_name: str
) -> None:
    with pytest.raises(ApiError) as caught:
        book("electricity", country, set_name).on(day)

    problem = caught.value.fields["factor_set" if set_name else "energy_type"][0]
    assert problem["code"] == "no_factor"
    assert f"for electricity in {country} on {day.isoformat()}" in problem["message"]


def test_margins_are_there_to_read_and_never_value_an_entry() -> None:
    margins = EmissionFactor.objects.exclude(factor_type=FactorType.AVERAGE)

    assert {row.factor_type: row.value for row in margins} == {
        "OM": Decimal("0.9646"),
        "BM": Decimal("0.5119"),
        "CM": Decimal("0.7383"),
    }
    found = main_factor(book("electricity", "IN", "cea-v21").on(date(2024, 6, 1)).by_unit["kWh"])
    assert found.value == Decimal("0.7117")


def test_at_any_date_and_place_one_default_factor_holds_for_a_unit() -> None:
    doubled = []
    for code in EnergyType.objects.values_list("code", flat=True):
        rows = [r for r in book(code)._rows if r.is_default]
        doubled += [
            (a, b)
            for a in rows
            for b in rows
            if a.pk < b.pk
            and (a.gas, a.per_unit, a.country) == (b.gas, b.per_unit, b.country)
            and a.valid_from < (b.valid_to or date.max)
            and b.valid_from < (a.valid_to or date.max)
        ]

    assert doubled == []


@pytest.mark.parametrize("name", ["firewood", "Firewood", "FIREWOOD", " kuni ", "Wood"])
def test_a_type_is_found_by_code_name_and_alias_in_any_case(name: str) -> None:
    assert find_energy_type(name).code == "firewood"


@pytest.mark.parametrize("name", ["plutonium", "", "\x00", "fire%", "x" * 500])
def test_an_unknown_type_is_an_error_that_lists_the_codes(name: str) -> None:
    with pytest.raises(ApiError) as caught:
        find_energy_type(name)

    assert "firewood" in caught.value.fields["energy_type"][0]["message"]


# --- Loading -----------------------------------------------------------------------------------
def test_loading_again_changes_nothing_and_asks_once() -> None:
    with CaptureQueriesContext(connection) as queries:
        loaded = load()

    assert (loaded.types, loaded.added, loaded.new_versions) == (0, 0, 0)
    assert loaded.unchanged == EmissionFactor.objects.count()
    selects = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(selects) == 1


def test_a_changed_row_becomes_the_next_version_and_the_one_before_stays(tmp_path) -> None:
    for name in ("energy_types.csv", "emission_factors.csv", "co2e_sets.csv"):
        text = (DATA / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(",0.0954,", ",0.0960,"), encoding="utf-8")

    loaded = load(tmp_path)

    assert (loaded.added, loaded.new_versions) == (0, 1)
    rows = EmissionFactor.objects.filter(set_name="ember-owid", country="KE", valid_from="2025-01-01")
    assert list(rows.order_by("version").values_list("version", "value")) == [
        (1, Decimal("0.0954")),
        (2, Decimal("0.0960")),
    ]
    assert main_factor(book("electricity").on(date(2025, 6, 1)).by_unit["kWh"]).version == 2
    assert load(tmp_path).new_versions == 0


def test_new_versions_wait_until_somebody_has_seen_what_they_make_of_each_site(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("energy_types.csv", "emission_factors.csv", "co2e_sets.csv"):
        text = (DATA / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(",0.0954,", ",0.0960,"), encoding="utf-8")
    factory = make_factory(name="Litein")
    period = {"period_start": timezone.now() - timedelta(days=60), "period_end": timezone.now() - timedelta(days=30)}
    make_energy_entry(factory, energy_type="electricity", amount=Decimal(100_000), unit="kWh", timestamp=None, **period)
    monkeypatch.setattr(load_factors, "load", partial(load, tmp_path))

    call_command("load_factors")

    shown = capsys.readouterr().out
    assert "Litein: 9,540 kg CO2e and 0 kg biogenic CO2 would be 9,600 and 0" in shown  # 100,000 kWh x 0.0954, x 0.0960
    assert "1 wait for --yes" in shown
    assert load(tmp_path, hold_versions=True).held == 1
    call_command("load_factors", "--yes")
    assert load(tmp_path, hold_versions=True).held == 0


def test_a_factor_is_never_overwritten_or_deleted_by_anybody() -> None:
    row = EmissionFactor.objects.first()
    for statement in (
        "UPDATE energy_emissionfactor SET value = 0 WHERE id = %s",
        "DELETE FROM energy_emissionfactor WHERE id = %s",
    ):
        with pytest.raises(InternalError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [row.pk])


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"version": 1}, "one_factor_at_any_date"),
        ({"version": 9, "value": Decimal("1.75")}, "factor_value_is_energy_times_gas"),
        ({"version": 9, "gj_per_unit": Decimal("0.02")}, "factor_energy_is_mass_times_ncv"),
        ({"version": 9, "valid_to": date(1980, 1, 1)}, "factor_validity_forward"),
        ({"version": 9, "factor_type": "OM"}, "factor_default_is_an_average"),
        ({"version": 9, "country": "ke"}, "factor_country_code"),
    ],
)
def test_the_database_refuses_a_factor_that_cannot_be(fields: dict, constraint: str) -> None:
    row = EmissionFactor.objects.get(
        energy_type__code="diesel", gas="CO2", per_unit="L", set_name="ipcc-2006", version=1
    )
    row.pk = None
    for name, value in fields.items():
        setattr(row, name, value)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)
