"""Finds the valid factors for an energy type, a place, a date and a set, or gives a clear error; never zero by default.

Reading the table's files is in `loading.py`; what an amount emits by a factor is in `valuation.py`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter

from django.db.models import Q
from django.utils.translation import gettext as _

from energy.choices import Carrier, FactorGas, FactorType
from energy.models import EmissionFactor, EnergyType
from energy.quantities import Measure
from factories.choices import FactorBasis, SourceKind
from factories.models import EmissionSource, Factory, Organisation
from factories.sectors import SECTORS
from lib.errors import ApiError, invalid
from logbook.notices import Notice

# The key of a row: of two rows with the same key, the one with the higher version is valid.
_identity = attrgetter(
    *("organisation_id", "energy_type_id", "gas", "per_unit", "country", "set_name"),
    *("factor_type", "basis", "valid_from"),
)
MAIN_GASES = (FactorGas.CO2E, FactorGas.CO2)  # a sum of all gases is used alone
_OFF_ROAD_SETS = ("ipcc-2006-off-road", "ipcc-2006-road")
_ROAD_SETS = ("ipcc-2006-road",)
BASIS_SETS = {FactorBasis.DIRECT.value: ("cea-v21", "ember-mix-direct"), FactorBasis.LIFE_CYCLE.value: ("ember-owid",)}


@dataclass(frozen=True)
class FactorSet:
    """All factors for one type, place and date: unit -> gas -> factor; with notices about them."""

    energy_type: EnergyType
    by_unit: dict[str, dict[str, EmissionFactor]]
    # The default CO2 of a biogenic fuel by unit: for a set that gives only a CO2e of CH4 and N2O, and usual moisture.
    biogenic_co2: dict[str, EmissionFactor] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @cached_property
    def measures(self) -> dict[str, Measure]:
        measures = {}
        for unit, by_gas in self.by_unit.items():
            main = main_factor(by_gas)
            measures[unit] = Measure(main.kg_per_unit, main.gj_per_unit)
        return measures


def main_factor(by_gas: dict[str, EmissionFactor]) -> EmissionFactor:
    return next(by_gas[gas] for gas in MAIN_GASES if gas in by_gas)


def find_energy_type(name: str) -> EnergyType:
    """A type by code, name or alias, in any case: `firewood`, `Firewood`, `kuni`.

    Raises ApiError 400 on `energy_type` that lists the codes.
    """
    wanted = " ".join(str(name).split())
    matches = EnergyType.objects.filter(
        Q(code__iexact=wanted.replace(" ", "_")) | Q(name__iexact=wanted) | Q(aliases__contains=[wanted.lower()])
    ).order_by("code")
    # PostgreSQL accepts no NUL in a text, and no energy type contains one.
    first = matches.first() if "\x00" not in wanted else None
    if first is None:
        codes = ", ".join(EnergyType.objects.values_list("code", flat=True))
        raise invalid(
            "energy_type",
            "unknown_energy_type",
            _("energy_type=%(name)r is unknown; use one of %(codes)s.") % {"name": wanted[:60], "codes": codes},
            energy_type=wanted[:60],
        )
    return first


def sets_instead(factory: Factory, energy_type: EnergyType, source: EmissionSource | None = None) -> tuple[str, ...]:
    """The sets that take the place of the defaults, best first: those of vehicles for the fuel of a vehicle, those of
    the basis that the organisation chose for electricity, those of its GWP set for a refrigerant.
    """
    if energy_type.carrier == Carrier.GRID:
        return BASIS_SETS.get(factory.organisation.electricity_basis, ())
    if energy_type.carrier == Carrier.REFRIGERANT:
        return (f"ipcc-{factory.organisation.gwp_set.lower()}",)
    if energy_type.carrier != Carrier.FUEL:
        return ()
    by_kind = [_sets_of_kind(kind, factory) for kind in _burned_in(factory, energy_type, source)]
    return tuple(name for name in by_kind[0] if all(name in names for names in by_kind)) if by_kind else ()


def _sets_of_kind(kind: str, factory: Factory) -> tuple[str, ...]:
    if kind == SourceKind.HAUL_TRUCK or (kind == SourceKind.VEHICLE and SECTORS[factory.sector].drives_off_road):
        return _OFF_ROAD_SETS
    return _ROAD_SETS if kind == SourceKind.VEHICLE else ()


def _burned_in(factory: Factory, energy_type: EnergyType, source: EmissionSource | None) -> Collection[str]:
    """The kind of the source that burned a fuel; if none is named, the kinds of all sources that list the fuel."""
    if source is not None:
        return [source.kind]
    listed = factory.emission_sources.filter(fuels__regex=rf"\m{energy_type.code}\M")
    return set(listed.values_list("kind", flat=True))


class FactorBook:
    """All factors of one type, read once; it then answers for all dates of an import.

    With `organisation` it includes the organisation's own rows, and its preferred set where no set is named.
    `instead`: the sets that take the place of the defaults, from `sets_instead`.
    `candidate`: a row that is not stored yet, to preview its effect.
    """

    def __init__(
        self,
        energy_type: EnergyType,
        country: str,
        set_name: str = "",
        *,
        organisation: Organisation | None = None,
        instead: Sequence[str] = (),
        candidate: EmissionFactor | None = None,
    ) -> None:
        self.energy_type, self.country, self.set_name, self.instead = energy_type, country, set_name, instead
        self._preferred = organisation.factor_set if organisation and not set_name else ""
        whose = Q(organisation__isnull=True)
        if organisation is not None:
            whose |= Q(organisation=organisation)
        rows = EmissionFactor.objects.filter(whose, energy_type=energy_type).order_by("version")
        self._rows = list(newest_versions([*rows, *([candidate] if candidate else [])]))
        self._by_date: dict[date, FactorSet] = {}

    def on(self, day: date) -> FactorSet:
        """The factors of a day. Raises ApiError 400 that names type, place, date and the available factors."""
        if day not in self._by_date:
            prefers = self._preferred and any(
                row.set_name == self._preferred
                and not row.is_default  # to prefer the defaults changes nothing
                and row.country in (self.country, "")
                and _holds(row, day)
                for row in self._rows
            )
            self._by_date[day] = choose(
                self._rows,
                energy_type=self.energy_type,
                country=self.country,
                on=day,
                set_name=self._preferred if prefers else self.set_name,
                instead=self.instead,
            )
        return self._by_date[day]


def newest_versions(rows: Iterable[EmissionFactor]) -> Iterable[EmissionFactor]:
    """The last version of each factor, from rows in order of version. Margins are left out, because entries never use
    them."""
    newest = {_identity(row): row for row in rows}
    return [row for row in newest.values() if row.factor_type == FactorType.AVERAGE]


def choose(
    rows: list[EmissionFactor],
    *,
    energy_type: EnergyType,
    country: str,
    on: date,
    set_name: str = "",
    instead: Sequence[str] = (),
) -> FactorSet:
    """1. the set, or the defaults or what takes their place; 2. factors of the place before general ones; 3. factors
    valid on the date.

    If a grid has no factor for a year yet, its latest earlier factor is used, with a notice.
    """
    of_country = [row for row in rows if row.country in (country, "")]
    defaults, notices = _defaults(of_country, on, instead, energy_type)
    wanted = _of_set(rows, set_name) if set_name else defaults
    is_own = any(row.organisation_id for row in wanted)
    of_place = [row for row in wanted if row.country in (country, "")]
    if not of_place:
        raise _no_factor(energy_type, country, on, set_name, rows)
    holding = [row for row in of_place if _holds(row, on)]
    if set_name:
        notices = ()
    if not holding and energy_type.carrier == Carrier.GRID:
        holding, earlier = _of_earlier_year(of_place, on)
        notices += earlier
    if not holding:
        raise _no_factor(energy_type, country, on, set_name, rows)
    by_unit = _by_unit(holding)
    if is_own:
        by_unit = _completed(by_unit, _by_unit([row for row in defaults if _holds(row, on)]))
        if not by_unit:
            raise _no_factor(energy_type, country, on, set_name, rows)
    return FactorSet(
        energy_type,
        by_unit,
        biogenic_co2={r.per_unit: r for r in (*defaults, *holding) if r.gas == FactorGas.CO2 and _holds(r, on)}
        if energy_type.is_biogenic
        else {},
        notices=notices,
    )


def _defaults(
    rows: list[EmissionFactor], on: date, instead: Sequence[str], energy_type: EnergyType
) -> tuple[list[EmissionFactor], tuple[Notice, ...]]:
    """The default factors; where one of the sets `instead` has a unit on the date, that set's in their place."""
    defaults = [row for row in rows if row.is_default]
    may_be_earlier = energy_type.carrier == Carrier.GRID
    for name in instead:
        special = [
            row
            for row in rows
            if row.set_name == name
            and row.organisation_id is None
            and (_holds(row, on) or (may_be_earlier and row.valid_from <= on))
        ]
        if special:
            units = {row.per_unit for row in special}
            return [*special, *(row for row in defaults if row.per_unit not in units)], ()
    code = "other_basis" if energy_type.carrier == Carrier.GRID else "factor_of_boilers"
    return defaults, (Notice(code),) if instead else ()


def _of_set(rows: list[EmissionFactor], set_name: str) -> list[EmissionFactor]:
    """The organisation's own rows of that name, or the published rows if it has none; never a mixture."""
    named = [row for row in rows if row.set_name == set_name]
    return [row for row in named if row.organisation_id] or named


def _by_unit(rows: list[EmissionFactor]) -> dict[str, dict[str, EmissionFactor]]:
    """Factors of the place come last and win; of two valid factors of an organisation, the later start wins."""
    by_unit: dict[str, dict[str, EmissionFactor]] = {}
    for row in sorted(
        rows, key=lambda row: (row.country != "", row.valid_from if row.organisation_id else date.min, row.version)
    ):
        by_unit.setdefault(row.per_unit, {})[row.gas] = row
    return by_unit


def _completed(
    own_by_unit: dict[str, dict[str, EmissionFactor]], defaults: dict[str, dict[str, EmissionFactor]]
) -> dict[str, dict[str, EmissionFactor]]:
    """An organisation that measured one gas gets default factors for the others: a missing gas is never zero."""
    completed = {}
    for unit, by_gas in own_by_unit.items():
        whole = by_gas if FactorGas.CO2E in by_gas else {**defaults.get(unit, {}), **by_gas}
        if any(gas in whole for gas in MAIN_GASES):
            completed[unit] = whole
    return completed


def _holds(row: EmissionFactor, on: date) -> bool:
    return row.valid_from <= on and (row.valid_to is None or on < row.valid_to)


def _of_earlier_year(rows: list[EmissionFactor], on: date) -> tuple[list[EmissionFactor], tuple[Notice, ...]]:
    earlier = [row for row in rows if row.valid_from <= on]
    if not earlier:
        return [], ()
    latest = max(row.valid_from for row in earlier)
    notice = Notice("factor_of_earlier_year", {"on": on.isoformat(), "valid_from": latest.isoformat()})
    return [row for row in earlier if row.valid_from == latest], (notice,)


def change_within(factors: FactorSet, last_day: date) -> Notice | None:
    """A notice when the main factor ends before the last day of a period, unless it already replaces a later one."""
    ends = [main_factor(by_gas).valid_to for by_gas in factors.by_unit.values()]
    end = min((valid_to for valid_to in ends if valid_to is not None), default=None)
    if end is None or end > last_day or factors.notices:
        return None
    return Notice("factor_changes_in_period", {"valid_to": end.isoformat()})


def _no_factor(energy_type: EnergyType, country: str, on: date, set_name: str, rows: list[EmissionFactor]) -> ApiError:
    # The request must name one of these sets; sets of other places cannot be used here.
    usable = [row for row in rows if row.country in (country, "")]
    sets = ", ".join(sorted({_described(row) for row in usable})[:12]) or _("none")
    asked = _(" of set %(set)r") % {"set": set_name} if set_name else ""
    return invalid(
        "factor_set" if set_name else "energy_type",
        "no_factor",
        _(
            "There is no factor%(asked)s for %(type)s in %(country)s on %(on)s. Available sets: %(sets)s. Send one "
            "of them as `factor_set`, check the date, or ask for the factor to be added."
        )
        % {"asked": asked, "type": energy_type.code, "country": country, "on": on.isoformat(), "sets": sets},
        energy_type=energy_type.code,
        country=country,
        on=on.isoformat(),
        factor_set=set_name,
    )


def _described(row: EmissionFactor) -> str:
    if row.valid_to is None:
        return f"{row.set_name} ({row.valid_from:%Y} on)"
    return f"{row.set_name} ({row.valid_from.isoformat()} to {(row.valid_to - timedelta(days=1)).isoformat()})"
