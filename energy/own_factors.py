"""An organisation's own emission factors: rows of their own, never changed, with a preview of their effect.

They are used for entries that name their set, and for all of the organisation's entries once it prefers the set
(`Organisation.factor_set`). Stored entries keep their results. Choosing a factor is in `factors.py`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, DateField, F, Func, Max, Min, Q, QuerySet, Sum, When
from django.db.models.functions import Cast, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from energy.choices import Carrier, EntryKind, FactorGas
from energy.factors import FactorBook, find_energy_type, sets_instead
from energy.loading import CONTENT
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.quantities import canonical, local_units
from energy.valuation import value_amount
from energy.wood import Moisture, co2_value, moisture_of_site
from factories.choices import FactorBasis
from factories.corrections import NOBODY, Confirmation, PastFigure, ask
from factories.models import EmissionSource, Factory, Organisation
from lib.decimals import plain
from lib.errors import ApiError, invalid
from science import units
from science.combustion import wood_moisture
from science.units import Dimension

PREVIEW = timedelta(days=365)
_THOUSAND = Decimal(1000)
MASSES: dict[str, Any] = {name: Sum(name) for name in ("co2e_kg", "biogenic_co2_kg")}
_CHAIN = ("kg_per_unit", "ncv_gj_per_t", "gj_per_unit", "gas_kg_per_tj")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorInput:
    """HQ's input of a factor: `value`, or the inputs that it is computed from. `per_unit` in any spelling."""

    energy_type: str
    gas: str
    per_unit: str
    set_name: str
    valid_from: date
    source: str
    valid_to: date | None = None
    country: str = ""
    basis: str = FactorBasis.DIRECT
    value: Decimal | None = None
    kg_per_unit: Decimal | None = None
    ncv_gj_per_t: Decimal | None = None
    gj_per_unit: Decimal | None = None
    gas_kg_per_tj: Decimal | None = None
    gwp_set: str = ""
    publication: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    factor: EmissionFactor
    is_new: bool


@transaction.atomic
def add_factor(user: User, organisation: Organisation, data: FactorInput, *, confirm: Confirmation = NOBODY) -> Added:
    """Store a factor as a new row; if an identical row exists, it is returned.

    Raises ApiError 400 that names the field, the problem and what to do; and ConfirmationNeeded for a factor of a set
    that the organisation prefers, or one that takes the place of another, with what it makes of each site's entries.
    """
    # Two people who add to one organisation wait for each other, because each takes the next version.
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    row = _row(organisation, data)
    before = _same_factor(row).filter(valid_from=row.valid_from).order_by("version").last()
    if before is not None and all(getattr(before, name) == getattr(row, name) for name in CONTENT):
        return Added(before, is_new=False)
    if organisation.factor_set == row.set_name or _same_factor(row).exists():
        facts = [row.set_name, row.energy_type.code, row.gas, row.per_unit, row.country, str(row.valid_from)]
        facts += [str(row.valid_to), plain(row.value)]
        words = _("It counts for what is entered or corrected from now on. Entries that are stored keep their figures.")
        now = timezone.now()
        ask(["factor", *facts], partial(_past_figures, organisation, data), confirm, until=now, preface=words)
    row.added_by = user
    row.full_clean(exclude=[f.name for f in EmissionFactor._meta.fields if f.is_relation])
    row.save()
    return Added(row, is_new=True)


def _row(organisation: Organisation, data: FactorInput) -> EmissionFactor:
    """The row that would be stored, with its version, after all checks that need no table constraint."""
    energy_type = find_energy_type(data.energy_type)
    _check_set(data)
    gwp_set = (data.gwp_set or organisation.gwp_set) if data.gas == FactorGas.CO2E else ""
    per_unit = _unit(energy_type, data)
    columns = asdict(data) | _multiplied_out(energy_type, per_unit, data)
    unit = f"kg {data.gas}/{per_unit}"
    columns |= {"energy_type": energy_type, "per_unit": per_unit, "gwp_set": gwp_set, "unit": unit}
    row = EmissionFactor(organisation=organisation, is_default=False, **columns)
    row.version = (_same_factor(row).aggregate(last=Max("version"))["last"] or 0) + 1
    return row


def _same_factor(row: EmissionFactor) -> QuerySet[EmissionFactor]:
    """The key by which one row supersedes another, whatever their start dates."""
    names = ("organisation", "energy_type", "gas", "per_unit", "country", "set_name", "basis")
    return EmissionFactor.objects.filter(**{name: getattr(row, name) for name in names})


def _check_set(data: FactorInput) -> None:
    if EmissionFactor.objects.filter(organisation__isnull=True, set_name=data.set_name).exists():
        raise invalid(
            "set_name",
            "published_set",
            _("set_name=%(name)r is a published set; give your own factors another set name.")
            % {"name": data.set_name},
            set_name=data.set_name,
        )
    if data.valid_to is not None and data.valid_to <= data.valid_from:
        raise invalid(
            "valid_to",
            "period_backward",
            _(
                "valid_to=%(end)s is not after valid_from=%(start)s; it is the first day on which the factor is no "
                "longer valid."
            )
            % {"end": data.valid_to.isoformat(), "start": data.valid_from.isoformat()},
        )


def _unit(energy_type: EnergyType, data: FactorInput) -> str:
    """A unit in which the type has default factors; only then can missing gases be filled."""
    there = set(
        EmissionFactor.objects.filter(
            Q(country__in=["", data.country]) if data.country else Q(),
            energy_type=energy_type,
            organisation__isnull=True,
            is_default=True,
        ).values_list("per_unit", flat=True)
    )
    usable = sorted(there or {energy_type.default_unit})
    unit = canonical(data.per_unit)
    if unit not in usable:
        raise invalid(
            "per_unit",
            "unknown_unit",
            _("per_unit=%(unit)r: factors of %(type)s are per %(usable)s; convert it.")
            % {"unit": data.per_unit, "type": energy_type.code, "usable": ", ".join(usable)},
            per_unit=data.per_unit,
            usable=usable,
        )
    return unit


def _multiplied_out(energy_type: EnergyType, per_unit: str, data: FactorInput) -> dict[str, Decimal | None]:
    """Value and chain. A gas of a fuel, or of bought heat, needs the chain, because energy and the other gases are
    computed from it."""
    chain = {name: getattr(data, name) for name in _CHAIN}
    if units.unit(per_unit).dimension is Dimension.MASS:
        exact = units.convert(Decimal(1), from_unit=per_unit, to_unit="kg")
        if chain["kg_per_unit"] not in (None, exact):
            raise invalid(
                "kg_per_unit",
                "not_exact",
                _("kg_per_unit=%(value)s: 1 %(unit)s is %(exact)s kg; leave it out.")
                % {"value": plain(chain["kg_per_unit"]), "unit": per_unit, "exact": plain(exact)},
            )
        chain["kg_per_unit"] = exact
    if chain["kg_per_unit"] is not None and chain["ncv_gj_per_t"] is not None:
        chain["gj_per_unit"] = _agreeing(
            "gj_per_unit", data.gj_per_unit, chain["kg_per_unit"] * chain["ncv_gj_per_t"] / _THOUSAND
        )
    value = data.value
    if energy_type.is_wood and chain["ncv_gj_per_t"] is not None:
        _require_ncv_of_wood(chain["ncv_gj_per_t"])
    if energy_type.is_wood and data.gas == FactorGas.CO2:
        value = _agreeing("value", value, _co2_of_wood(chain))
    elif chain["gj_per_unit"] is not None and chain["gas_kg_per_tj"] is not None:
        value = _agreeing("value", value, chain["gj_per_unit"] * chain["gas_kg_per_tj"] / _THOUSAND)
    elif energy_type.carrier in (Carrier.FUEL, Carrier.HEAT) and data.gas != FactorGas.CO2E:
        missing = "gas_kg_per_tj" if chain["gas_kg_per_tj"] is None else "ncv_gj_per_t"
        raise invalid(
            missing,
            "required",
            _(
                "A factor of a fuel or of heat for %(gas)s needs gas_kg_per_tj, and ncv_gj_per_t or gj_per_unit; send "
                "a sum of all gases as gas=CO2e with value."
            )
            % {"gas": data.gas},
        )
    if value is None:
        raise invalid("value", "required", _("Give value: kg of %(gas)s per unit.") % {"gas": data.gas})
    return {**chain, "value": value}


def _co2_of_wood(chain: dict[str, Decimal | None]) -> Decimal:
    """By carbon: the heating value means a moisture, and this gives the carbon."""
    if chain["gas_kg_per_tj"] is not None:
        raise invalid(
            "gas_kg_per_tj",
            "of_moisture",
            _("CO2 of wood follows from the moisture that its heating value means; leave gas_kg_per_tj out."),
        )
    for name in ("ncv_gj_per_t", "kg_per_unit"):
        if chain[name] is None:
            raise invalid(name, "required", _("A factor of wood for CO2 needs ncv_gj_per_t, and kg_per_unit."))
    kg_per_unit, ncv_gj_per_t = chain["kg_per_unit"], chain["ncv_gj_per_t"]
    assert kg_per_unit is not None
    assert ncv_gj_per_t is not None
    return co2_value(kg_per_unit, ncv_gj_per_t)


def _require_ncv_of_wood(ncv_gj_per_t: Decimal) -> None:
    try:
        wood_moisture(ncv_gj_per_t)
    except ValueError:
        raise invalid(
            "ncv_gj_per_t",
            "out_of_range",
            _("ncv_gj_per_t=%(value)s is not of wood; it is 4.9 at 65 %% moisture and 18.5 when dry.")
            % {"value": plain(ncv_gj_per_t)},
        ) from None


def _agreeing(name: str, given: Decimal | None, computed: Decimal) -> Decimal:
    if given is not None and given != computed:
        raise invalid(
            name,
            "disagrees",
            _("%(name)s=%(said)s, but the other numbers give %(found)s; leave it out, or correct one of them.")
            % {"name": name, "said": plain(given), "found": plain(computed)},
        )
    return computed


# --- Before and after --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Masses:
    co2e_kg: Decimal
    biogenic_co2_kg: Decimal

    def __add__(self, other: "Masses") -> "Masses":
        return Masses(self.co2e_kg + other.co2e_kg, self.biogenic_co2_kg + other.biogenic_co2_kg)


NOTHING = Masses(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class SitePreview:
    """One site's part of a preview."""

    factory: int
    name: str
    before: Masses
    after: Masses


@dataclass(frozen=True, slots=True)
class Preview:
    """The organisation's uses of the type that began in [start, end): as stored, and with the factor."""

    factor: EmissionFactor
    start: datetime
    end: datetime
    entries: int
    revalued: int  # of them, those on days when the factor holds
    not_valued: int  # of those, entries that its unit does not fit; both sides count them as stored
    before: Masses
    after: Masses
    sites: list[SitePreview]  # with such entries, by name


def preview_factor(organisation: Organisation, data: FactorInput, now: datetime) -> Preview:
    """The last 12 months as if all entries of the type used this factor's set. Stores nothing."""
    row = _row(organisation, data)
    start = now - PREVIEW
    uses = EnergyEntry.objects.filter(
        factory__organisation=organisation,
        energy_type=row.energy_type,
        kind=EntryKind.USED,
        deleted_at__isnull=True,
        period_start__gte=start,
        period_start__lt=now,
    )
    if row.country:
        uses = uses.filter(factory__country=row.country)
    whole: Any = uses.values("factory_id").order_by().annotate(count=Count("pk"), **MASSES)
    before = {
        row["factory_id"]: Masses(row["co2e_kg"] or Decimal(0), row["biogenic_co2_kg"] or Decimal(0)) for row in whole
    }
    after = dict(before)
    revalued = not_valued = 0
    # Factories, sources and local units are read once, and the factors of a country and a kind of source once.
    factories = Factory.objects.filter(organisation=organisation).select_related("organisation").in_bulk()
    sources = EmissionSource.objects.filter(factory__in=factories).in_bulk()
    instead = cache(partial(sets_instead, energy_type=row.energy_type))
    local = local_units(factory__organisation=organisation, energy_type=row.energy_type)
    book = cache(partial(FactorBook, row.energy_type, set_name=row.set_name, organisation=organisation, candidate=row))
    for group in _groups(uses, row):
        revalued += group["count"]
        factory = factories[group["factory_id"]]
        try:
            valued, _notices = value_amount(
                group["total"],
                group["unit"],
                book=book(factory.country, instead=instead(factory, source=sources.get(group["source_id"]))),
                local=local.get((group["factory_id"], row.energy_type.pk), {}),
                first_day=group["first_day"],
                last_day=group["first_day"],
                gwp_set=organisation.gwp_set,
                moisture=Moisture(group["stated"], moisture_of_site(factories[group["factory_id"]], row.energy_type)),
            )
        except ApiError:
            not_valued += group["count"]
            continue
        more = Masses(valued.co2e_kg - group["co2e_kg"], valued.biogenic_co2_kg - group["biogenic_co2_kg"])
        after[factory.pk] += more
    sites = [SitePreview(pk, factories[pk].name, before[pk], after[pk]) for pk in before]
    entries = sum(one["count"] for one in whole)
    sums = {"before": sum(before.values(), NOTHING), "after": sum(after.values(), NOTHING)}
    sites.sort(key=attrgetter("name"))
    return Preview(row, start, now, entries, revalued, not_valued, **sums, sites=sites)


def _past_figures(organisation: Organisation, data: FactorInput, until: datetime) -> Iterator[PastFigure]:
    for site in preview_factor(organisation, data, until).sites:
        label = _("Entries of the last 12 months, as if entered with the new factor")
        sides = float(site.before.co2e_kg), float(site.after.co2e_kg)
        since = (until - PREVIEW).date()
        yield PastFigure("entries", label, "kg CO2e", *sides, since, site.name)
        sides = float(site.before.biogenic_co2_kg), float(site.after.biogenic_co2_kg)
        yield PastFigure("biogenic_co2", _("Biogenic CO2, outside the scopes"), "kg", *sides, since, site.name)


def local_day() -> Any:
    """The day at the site on which an entry's period began."""
    local_time: Any = Func(F("factory__time_zone"), F("period_start"), function="timezone")
    return Cast(local_time, DateField())


def _groups(uses: QuerySet[EnergyEntry], row: EmissionFactor) -> QuerySet[Any, Any]:
    """Uses on days when the factor holds, by factory, source, unit, moisture and month: a group is one amount."""
    rows = uses.annotate(day=local_day()).filter(day__gte=row.valid_from)
    if row.valid_to is not None:
        rows = rows.filter(day__lt=row.valid_to)
    stated = Case(When(moisture_is_default=False, then="moisture_fraction"))
    rows = rows.annotate(month=TruncMonth("day"), stated=stated)
    grouped = rows.values("factory_id", "source_id", "unit", "stated", "month").order_by()
    return grouped.annotate(total=Sum("amount"), first_day=Min("day"), count=Count("pk"), **MASSES)
