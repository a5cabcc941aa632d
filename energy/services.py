"""A person's input of energy and the columns computed from it: checks, period, results, warnings; local units.

Recording, correcting, deleting and undoing are in `logbook/services.py`, what an amount emits in `valuation.py`,
what two meter readings make in `meters.py`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from energy import meters
from energy.bounds import of_kind, require_possible_stock, thing_of, uses_of_the_same
from energy.choices import EntryKind
from energy.factors import find_energy_type
from energy.market import FIELDS, market_results, require_market_fields
from energy.models import EnergyEntry, EnergyType, LocalUnit
from energy.quantities import LocalSize, canonical, in_known_unit, local_units_of
from energy.valuation import RESULT_FIELDS, Valuer
from factories.choices import Product
from factories.models import EmissionSource, Factory
from lib.errors import invalid
from logbook.choices import Origin
from logbook.notices import Notice, outside_band, overlap
from logbook.periods import period_of
from logbook.plausibility import Thing
from logbook.services import EntryLog, checked_amount
from production.models import ProductionEntry
from science import units
from science.combustion import WOOD_MOISTURE_MAX_FRACTION
from science.units import Dimension

BELOW = Decimal(10) ** 12
STACKED_MOISTURE_FRACTION = Decimal("0.250")  # of a stere that a site weighed without stating it; as of the 450 kg
# KTDA benchmarks in docs/sources.md: per kg of made tea. Wood in kg, electricity in kWh.
BANDS = {"firewood": (Decimal("1.0"), Decimal("4.0"), "kg"), "electricity": (Decimal("0.2"), Decimal("1.0"), "kWh")}
NO_RESULTS: dict[str, Any] = dict.fromkeys((*RESULT_FIELDS, "market_co2e_kg")) | {"gwp_set": "", "method_version": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryInput:
    """A person's input. `energy_type` and `unit` in any spelling; amounts as written."""

    energy_type: str
    amount: Decimal
    unit: str
    timestamp: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    kind: str = EntryKind.USED
    source_id: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    moisture_fraction: Decimal | None = None
    factor_set: str = ""
    note: str = ""
    meter_restarted: bool = False
    register_digits: int | None = None
    instrument: str = ""
    supplier_factor_kgco2e_per_kwh: Decimal | None = None
    evidence: str = ""


class EnergyLog(EntryLog[EnergyEntry, EntryInput]):
    model = EnergyEntry
    input_class = EntryInput
    plain_fields = frozenset(
        {"cost", "currency", "note", "meter_restarted", "register_digits", "instrument", "evidence"}
    )

    def entries(self) -> QuerySet[EnergyEntry]:
        return self.model.objects.select_related(
            "energy_type", "factor", "ch4_factor", "n2o_factor", "factory__organisation", "source", "consumption"
        )

    def columns_of(self, factory: Factory, data: EntryInput, now: datetime) -> dict[str, Any]:
        energy_type = find_energy_type(data.energy_type)
        _check(data, energy_type)
        period = period_of(
            factory,
            timestamp=data.timestamp,
            start=data.period_start,
            end=data.period_end,
            now=now,
            fills_day=data.kind in (EntryKind.USED, EntryKind.MARKET),
        )
        source = find_source(factory, data.source_id)
        results = NO_RESULTS
        notices: tuple[Notice, ...] = ()
        if data.kind == EntryKind.USED:
            valuer = Valuer(factory, energy_type, data.factor_set, source=source)
            valued, notices = valuer.value(data.amount, data.unit, period.days(factory), data.moisture_fraction)
            results = NO_RESULTS | asdict(valued)
        elif data.kind == EntryKind.MARKET:
            assert data.supplier_factor_kgco2e_per_kwh is not None
            local = local_units_of(factory, energy_type)
            results = NO_RESULTS | market_results(
                energy_type, data.amount, data.unit, data.supplier_factor_kgco2e_per_kwh, local=local
            )
        else:
            local = local_units_of(factory, energy_type)
            notices = in_known_unit(data.amount, data.unit, energy_type=energy_type, local=local).notices
            if data.kind != EntryKind.METER_READING:
                require_possible_stock(factory, energy_type, data.amount, data.unit, period.days(factory))
            results = NO_RESULTS | {"moisture_fraction": data.moisture_fraction}
        return {
            **asdict(data),
            **results,
            "energy_type": energy_type,
            "timestamp": period.timestamp,
            "period_start": period.start,
            "period_end": period.end,
            "moisture_is_default": energy_type.is_wood and data.moisture_fraction is None,
            "warnings": [notice.stored() for notice in notices],
        }

    def input_of(self, entry: EnergyEntry) -> EntryInput:
        """The input that would make this entry; a moisture that was not stated stays so."""
        values = {name: getattr(entry, name) for name in EntryInput.__dataclass_fields__}
        values["energy_type"] = entry.energy_type.code
        if entry.moisture_is_default:
            values["moisture_fraction"] = None
        return EntryInput(**values)

    def thing_of(self, entry: EnergyEntry) -> Thing | None:
        if entry.kind not in (EntryKind.USED, EntryKind.MARKET):
            return None
        return thing_of(entry.factory, entry.energy_type, entry, source=entry.source, without=entry.pk or 0)

    def notices_for(self, entry: EnergyEntry) -> list[Notice]:
        if entry.kind == EntryKind.MARKET:
            same = of_kind(EntryKind.MARKET, entry.factory, entry.energy_type).filter(evidence__iexact=entry.evidence)
            twice = overlap(entry, same.exclude(pk=entry.pk))
            return [] if twice is None else [twice]
        if entry.kind != EntryKind.USED:
            return []
        is_metered = entry.origin == Origin.METER
        same = uses_of_the_same(entry.factory, entry.energy_type, entry.source_id, is_metered=is_metered)
        notices = (overlap(entry, same.exclude(pk=entry.pk)), _per_made_tea(entry))
        return [notice for notice in notices if notice is not None]

    def history(self, entry: EnergyEntry) -> QuerySet[Any]:
        return super().history(entry).select_related("energy_type")

    def require_changeable(self, entry: EnergyEntry) -> None:
        meters.require_not_derived(entry)

    def place_of(self, entry: EnergyEntry) -> meters.SeriesMoment | None:
        return meters.place_of(entry)

    def follow(self, user: User | None, entry: EnergyEntry, *, before: meters.SeriesMoment | None) -> None:
        meters.follow(self, user, entry, before=before)


energy_log = EnergyLog()


def _check(data: EntryInput, energy_type: EnergyType) -> None:
    checked_amount(data.amount, data.unit, below=BELOW)
    require_market_fields(data.kind, {name: getattr(data, name) for name in FIELDS})
    if (data.cost is None) != (not data.currency):
        raise invalid(
            "currency" if data.cost is not None else "cost",
            "required",
            _("Give cost and currency together; the currency as three letters, like KES."),
        )
    for name in ("meter_restarted", "register_digits"):
        if getattr(data, name) and data.kind != EntryKind.METER_READING:
            words = _("%(name)s is allowed only with kind=%(reading)s, not with %(kind)s.")
            params = {"name": name, "reading": EntryKind.METER_READING.value, "kind": data.kind}
            raise invalid(name, "of_a_reading", words % params)
    _check_moisture(data.moisture_fraction, energy_type)


def _check_moisture(moisture: Decimal | None, energy_type: EnergyType) -> None:
    if moisture is None:
        return
    if not energy_type.is_wood:
        raise invalid(
            "moisture_fraction",
            "not_wood",
            _("moisture_fraction is of wood; leave it out for %(type)s.") % {"type": energy_type.code},
        )
    if not 0 <= moisture <= WOOD_MOISTURE_MAX_FRACTION:
        raise invalid(
            "moisture_fraction",
            "out_of_range",
            _(
                "moisture_fraction=%(value)s is outside 0 to %(limit)s; give kg of water per kg of wet "
                "wood, 0.30 if unknown."
            )
            % {"value": moisture, "limit": WOOD_MOISTURE_MAX_FRACTION},
        )


def find_source(factory: Factory, source_id: int | None) -> EmissionSource | None:
    if source_id is None:
        return None
    source = EmissionSource.objects.filter(factory=factory, pk=source_id).first()
    if source is None:
        raise invalid(
            "source",
            "unknown_source",
            _("source=%(source)d is not an emission source of %(factory)s.")
            % {"source": source_id, "factory": factory},
        )
    return source


def _per_made_tea(entry: EnergyEntry) -> Notice | None:
    """Wood or electricity over the tea that was made within the period of the entry."""
    band = BANDS.get(entry.energy_type.code)
    if band is None or entry.factor_amount is None:
        return None
    low, high, unit = band
    used = entry.factor_amount if entry.wood_kg is None else entry.wood_kg
    made_kg = ProductionEntry.objects.filter(
        factory_id=entry.factory_id,
        product=Product.MADE_TEA,
        deleted_at__isnull=True,
        period_start__gte=entry.period_start,
        period_end__lte=entry.period_end,
    ).aggregate(kg=Sum("amount_kg"))["kg"]
    if not made_kg:
        return None
    return outside_band("outside_band", used / made_kg, low, high, step="0.01", unit=unit)


# --- Local units -------------------------------------------------------------------------------
@transaction.atomic
def set_local_unit(
    factory: Factory,
    energy_type: str,
    name: str,
    *,
    amount: Decimal,
    unit: str,
    moisture_fraction: Decimal | None = None,
    must_be_new: bool = False,
) -> LocalUnit:
    """Add or change a unit of the factory. Entries keep the size that they were computed with.

    `moisture_fraction`: of wood that was weighed. A stere is a volume, so that its kg always have one.
    Raises ApiError 400 when the unit it is made of is unknown, for a moisture of what has no kg of wood, or with
    `must_be_new` when the name is taken.
    """
    found_type, words = find_energy_type(energy_type), " ".join(name.split())
    # Two people who add one name wait for each other: the second one is told that it is there.
    Factory.objects.select_for_update(no_key=True).get(pk=factory.pk)
    record = LocalUnit.objects.filter(factory=factory, energy_type=found_type, name__iexact=words).first()
    if record is not None and must_be_new:
        raise invalid(
            "name",
            "taken",
            _("name=%(name)r exists already: %(what)s. Change that one (local unit %(id)d).")
            % {"name": words, "what": str(record), "id": record.pk},
            local_unit=record.pk,
        )
    local = {**local_units_of(factory, found_type), words.lower(): LocalSize(amount, unit)}
    in_known_unit(Decimal(1), words, energy_type=found_type, local=local)
    record = record or LocalUnit(factory=factory, energy_type=found_type, name=words)
    record.amount, record.unit = amount, unit
    record.moisture_fraction = _moisture_when_weighed(record, moisture_fraction)
    record.full_clean()
    record.save()
    return record


def _moisture_when_weighed(record: LocalUnit, stated: Decimal | None) -> Decimal | None:
    _check_moisture(stated, record.energy_type)
    symbol = canonical(record.unit)
    is_weighed = symbol is not None and units.unit(symbol).dimension is Dimension.MASS
    if stated is not None and not is_weighed:
        raise invalid(
            "moisture_fraction",
            "not_weighed",
            _("moisture_fraction is of a unit in kg or t, not in %(unit)s; leave it out.") % {"unit": record.unit},
        )
    is_stere = record.energy_type.is_stacked and canonical(record.name) in ("stere", "m3")
    return STACKED_MOISTURE_FRACTION if is_stere and is_weighed and stated is None else stated
