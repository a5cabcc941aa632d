"""Coal mine methane: the worked examples of docs/method.md 8, and both factor tables."""

from decimal import Decimal

import pytest

from science import coal_methane
from science.coal_methane import INDIA_FACTORS, MethaneFactor, MineClass, mine_methane
from tests.science.builders import as_printed

NAN = float("nan")


@pytest.mark.parametrize(
    ("gwp_set", "co2e_t"),
    [("AR4", "847.550"), ("AR5", "949.256"), ("AR5_FOSSIL", "1017.06"), ("AR6", "1010.28"), ("AR6_GWP20", "2796.91")],
)
def test_vector_3_4_the_papers_example_corrected(gwp_set, co2e_t):
    paper = MethaneFactor(mining_m3_per_t=Decimal("25.3"), post_mining_m3_per_t=Decimal(0))

    result = mine_methane(Decimal(2000), factor=paper, gwp_set=gwp_set)

    assert result.gross_m3 == 50_600
    assert result.gross_t == Decimal("33.902")
    assert float(result.co2e_t) == as_printed(co2e_t)


def test_vector_3_4_the_papers_printed_figure_is_1492_times_too_big():
    paper = MethaneFactor(mining_m3_per_t=Decimal("25.3"), post_mining_m3_per_t=Decimal(0))

    result = mine_methane(Decimal(2000), factor=paper, gwp_set="AR4")

    assert float(1_265_000 / result.co2e_t) == as_printed("1492.54")


@pytest.mark.parametrize(("gwp_set", "co2e_t"), [("AR5", "126172"), ("AR6", "134167")])
def test_vector_3_5_degree_ii_mine_with_flare_and_use(gwp_set, co2e_t):
    result = mine_methane(
        Decimal(500_000),
        factor=INDIA_FACTORS[MineClass.UNDERGROUND_DEGREE_II],
        flared_m3=Decimal(600_000),
        used_m3=Decimal(400_000),
        gwp_set=gwp_set,
    )

    assert result.gross_m3 == 7_615_000
    assert result.vented_t == Decimal(6_615_000) * Decimal("0.67") / 1000
    assert float(result.ch4_t) == as_printed("4441.43")
    assert float(result.co2_t) == as_printed("1812.28")
    assert float(result.co2e_t) == as_printed(co2e_t)
    assert result.ch4_t == result.vented_t + result.unburnt_t


@pytest.mark.parametrize(
    ("mine_class", "kg_per_t"),
    [
        ("underground_degree_1", "2.6063"),
        ("underground_degree_2", "10.2041"),
        ("underground_degree_3", "17.9292"),
        ("opencast", "0.8911"),
    ],
)
def test_indian_classes_of_3_3(mine_class, kg_per_t):
    result = mine_methane(Decimal(1000), factor=INDIA_FACTORS[MineClass(mine_class)], gwp_set="AR6")

    assert result.ch4_t == Decimal(kg_per_t)  # 1000 t at kg/t: exact


@pytest.mark.parametrize(
    ("rate", "body_pct", "mine_class"),
    [(0.9, 0.1, "1"), (0.9, 0.11, "2"), (1.0, 0.0, "2"), (10.0, 0.0, "2"), (10.1, 0.0, "3")],
)
def test_degree_of_gassiness(rate, body_pct, mine_class):
    degree = coal_methane.india_underground_class(emission_m3_per_t=rate, general_body_pct=body_pct)

    assert degree == f"underground_degree_{mine_class}"


@pytest.mark.parametrize(("depth", "total"), [(199, "10.9"), (200, "20.5"), (400, "20.5"), (401, "29.0")])
def test_ipcc_underground_by_depth(depth, total):
    factor = coal_methane.ipcc_underground_factor(depth)

    assert factor.mining_m3_per_t + factor.post_mining_m3_per_t == Decimal(total)


@pytest.mark.parametrize(("overburden", "total"), [(24, "0.3"), (25, "1.3"), (50, "1.3"), (51, "2.2")])
def test_ipcc_surface_by_overburden(overburden, total):
    factor = coal_methane.ipcc_surface_factor(overburden)

    assert factor.mining_m3_per_t + factor.post_mining_m3_per_t == Decimal(total)


@pytest.mark.parametrize(
    ("coal", "shares"),
    [
        ("anthracite", ["0.559693", "0.269329", "0.185848", "0.126351"]),
        ("bituminous", ["0.521128", "0.286584", "0.216538", "0.162744"]),
        ("sub_bituminous", ["0.787402", "0.425532", "0.270270", "0.156250"]),
    ],
)
def test_abandoned_mines_decline_by_the_table_of_3_2(coal, shares):
    for years, share in zip([1, 5, 10, 20], shares, strict=True):
        assert coal_methane.abandoned_mine_share(coal=coal, years_since_closure=years) == as_printed(share)
    assert coal_methane.abandoned_mine_share(coal=coal, years_since_closure=0) == 1.0


@pytest.mark.parametrize(
    ("celsius", "density"), [(0, "0.715737"), (15, "0.678478"), (15.56, "0.677162"), (20, "0.666906")]
)
def test_density_depends_on_the_reference_temperature(celsius, density):
    # 60 F is 0.677173; that is 15.5556 C; 15.56 C itself gives the figure here.
    assert coal_methane.ch4_density_kg_per_m3(temperature_k=celsius + 273.15) == as_printed(density)


def test_density_at_sixty_fahrenheit():
    assert coal_methane.ch4_density_kg_per_m3(temperature_k=(60 + 459.67) / 1.8) == as_printed("0.677173")


def test_ventilation_is_flow_times_fraction_times_time():
    assert coal_methane.ventilation_ch4_m3([(100.0, 0.005, 3600.0), (50.0, 0.0, 3600.0)]) == 1800.0
    with pytest.raises(ValueError, match=r"ch4_fraction=1.1 m3/m3 is above"):
        coal_methane.ventilation_ch4_m3([(100.0, 1.1, 3600.0)])


def test_more_cannot_be_recovered_than_was_released():
    with pytest.raises(ValueError, match=r"is above the 1330.00 m3 released"):
        mine_methane(Decimal(1000), factor=INDIA_FACTORS[MineClass.OPENCAST], used_m3=Decimal(1331), gwp_set="AR6")


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity"])
def test_impossible_production_raises(bad):
    with pytest.raises(ValueError, match=r"production_t=.* t is not a finite number"):
        mine_methane(Decimal(bad), factor=INDIA_FACTORS[MineClass.OPENCAST], gwp_set="AR6")


def test_impossible_mines_raise():
    with pytest.raises(ValueError, match=r"depth_m=nan m"):
        coal_methane.ipcc_underground_factor(NAN)
    with pytest.raises(ValueError, match=r"lignite"):
        coal_methane.abandoned_mine_share(coal="lignite", years_since_closure=1)
    with pytest.raises(ValueError, match=r"AR3"):
        mine_methane(Decimal(1), factor=INDIA_FACTORS[MineClass.OPENCAST], gwp_set="AR3")
