"""The registry of metrics: one entry each. Statement, ceilings, columns, words and fields of the API follow from it.

Also lives here: the ceilings, the value of a missing day in each metric, by the factors of site and day.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.factors import BASIS_SETS, FactorBook, find_energy_type, main_factor
from energy.valuation import Valued, value_amount
from energy.wood import Moisture
from factories.models import Factory
from factories.sectors import SECTORS, Sector, UseCeilings
from lib.errors import invalid

GJ_PER_KWH = Decimal("0.0036")
MJ_PER_GJ = 1000.0
NO_COLUMN = "0"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A metric by which sites are compared, per kg of product. `heat`, `electricity` and `other` are SQL over a site
    day."""

    code: str  # the parameter, and the field of a row in the API
    unit: str
    words: str | Promise  # the unit in the heading of a column; the template typesets CO2
    remark: str | Promise
    api_help: str
    decimals: int
    heat: str
    of_fuel: Callable[[Valued], Decimal]  # the same of an amount of fuel, for the ceiling
    electricity: str = NO_COLUMN
    per_kwh: Decimal | None = Decimal(0)  # the same of a kWh; None: the grid's factor of the day
    other: tuple[str, ...] = (NO_COLUMN,)  # added up
    scale: float = 1.0  # from the unit of the columns to that of the metric
    is_of_energy: bool = False  # then heat burned by a factor without a heating value is not known
    is_of_heat: bool = False  # then only sectors that burn for heat have it

    @property
    def is_of_grid(self) -> bool:
        return self.per_kwh is None

    def label_of(self, sector: Sector) -> str:
        """The heading of a column."""
        return _("%(unit)s per %(product)s") % {"unit": self.words, "product": sector.product_unit}


CO2E = Metric(
    code="co2e_intensity",
    unit="kg CO2e",
    words="kg CO2e",
    remark=gettext_lazy("scopes 1 and 2"),
    api_help="kg CO2e, scopes 1 and 2",
    decimals=3,
    heat="heat_scope1_co2e_kg",
    of_fuel=lambda fuel: fuel.co2e_kg,
    electricity="scope2_co2e_kg",
    per_kwh=None,
    other=("other_scope1_co2e_kg", "coalesce(methane_co2e_kg, 0)"),
)
ENERGY = Metric(
    code="energy_intensity",
    unit="MJ",
    words="MJ",
    remark=gettext_lazy("heat, electricity and engines"),
    api_help="MJ",
    decimals=1,
    heat="heat_gj",
    of_fuel=lambda fuel: fuel.energy_gj or Decimal(0),
    electricity="electricity_gj",
    per_kwh=GJ_PER_KWH,
    other=("other_gj",),
    scale=MJ_PER_GJ,
    is_of_energy=True,
)
BIOGENIC = Metric(
    code="logged_biogenic_intensity",
    unit="kg CO2",
    words=gettext_lazy("kg CO2 of wood"),
    remark=gettext_lazy("biogenic, reported apart"),
    api_help="kg CO2 of wood by the fuel log, biogenic, outside the scopes",
    decimals=2,
    heat="biogenic_co2_kg",
    of_fuel=lambda fuel: fuel.biogenic_co2_kg,
    is_of_heat=True,
)
#: In the order of the columns; the first is the default.
METRICS = (CO2E, ENERGY, BIOGENIC)
CODES = [metric.code for metric in METRICS]


def parse_metric(text: str, sector: Sector) -> Metric:
    """The requested metric, or the first one if the sector does not have it. Raises ApiError 400."""
    metric = next((metric for metric in METRICS if metric.code == (text or CODES[0])), None)
    if metric is None:
        raise invalid(
            "metric",
            "invalid_choice",
            _("metric=%(value)r is unknown; use one of %(choices)s.")
            % {"value": text[:40], "choices": ", ".join(CODES)},
            value=text[:40],
        )
    return metric if metric in metrics_of(sector) else METRICS[0]


def metrics_of(sector: Sector) -> tuple[Metric, ...]:
    return tuple(metric for metric in METRICS if sector.burns_for_heat or not metric.is_of_heat)


# --- Ceilings ------------------------------------------------------------------------------------
_VALUED_KG = Decimal(10) ** 6  # a thousand tonnes, so that six decimals of a record lose no digit


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The highest plausible use per kg made: heat in each metric, in the unit of its columns, and electricity."""

    heat: Mapping[Metric, Decimal] = field(hash=False)
    electricity_kwh: Decimal


@dataclass(frozen=True, slots=True)
class GridFactor:
    """The default factor of a grid between two days."""

    from_day: date
    to_day: date
    kg_per_kwh: Decimal


class CeilingBook:
    """Ceilings of sites by the default factor of their fuel on a day, at the moisture of the site's wood."""

    def __init__(self, day: date) -> None:
        self._day = day
        # Each is computed once for a country, GWP set and moisture.
        self._ceilings: dict[tuple[UseCeilings, str, str, Decimal | None], Ceilings] = {}

    def of(self, factory: Factory) -> Ceilings | None:
        """None: no ceiling is known in this sector."""
        use = SECTORS[factory.sector].ceilings
        if use is None:
            return None
        key = (use, factory.country, factory.organisation.gwp_set, factory.wood_moisture_fraction)
        if key not in self._ceilings:
            self._ceilings[key] = self._valued(*key)
        return self._ceilings[key]

    def _valued(self, use: UseCeilings, country: str, gwp_set: str, moisture: Decimal | None) -> Ceilings:
        fuel, _notices = value_amount(
            _VALUED_KG,
            "kg",
            book=FactorBook(find_energy_type(use.fuel), country),
            local={},
            first_day=self._day,
            last_day=self._day,
            gwp_set=gwp_set,
            moisture=Moisture(of_site=moisture),
        )
        per_kg = Decimal(str(use.fuel_kg_per_kg)) / _VALUED_KG
        return Ceilings(
            {metric: metric.of_fuel(fuel) * per_kg for metric in METRICS}, Decimal(str(use.electricity_kwh_per_kg))
        )


Grid = tuple[str, str]  # country, and the basis that the organisation chose


def grid_of(factory: Factory) -> Grid:
    return factory.country, factory.organisation.electricity_basis


def grid_factors(grids: Iterable[Grid], first_day: date, last_day: date) -> dict[Grid, tuple[GridFactor, ...]]:
    """The factors of each grid over these days; looked up by month, as factors begin with one."""
    electricity = find_energy_type("electricity")
    factors = {}
    for country, basis in sorted(set(grids)):
        book = FactorBook(electricity, country, instead=BASIS_SETS.get(basis, ()))
        of_grid: list[GridFactor] = []
        month = first_day.replace(day=1)
        while month <= last_day:
            following = (month + timedelta(days=31)).replace(day=1)
            kg_per_kwh = main_factor(book.on(month).by_unit["kWh"]).value
            begins = month
            if of_grid and of_grid[-1].kg_per_kwh == kg_per_kwh:
                begins = of_grid.pop().from_day
            of_grid.append(GridFactor(begins, following, kg_per_kwh))
            month = following
        factors[country, basis] = tuple(of_grid)
    return factors
