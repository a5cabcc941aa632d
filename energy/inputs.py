"""What is said of an entry, and the columns that follow from it: checks, period, results, second looks.

Storing them is in `services.py` and `meters.py`; how an amount is valued is in `valuation.py`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from energy import plausibility
from energy.choices import EntryKind
from energy.factors import FactorBook, find_energy_type
from energy.models import MOISTURE_MAX_FRACTION, EnergyEntry, LocalUnit
from energy.quantities import LocalUnits, in_known_unit
from energy.valuation import RESULT_FIELDS, value_amount
from factories.models import EmissionSource, Factory
from lib.errors import invalid
from logbook.notices import Notice
from logbook.periods import period_of

DEFAULT_MOISTURE_FRACTION = Decimal("0.300")
_NO_RESULTS: dict[str, Any] = dict.fromkeys(RESULT_FIELDS) | {"gwp_set": "", "method_version": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryInput:
    """What a person says. `energy_type` and `unit` in any spelling; amounts as written."""

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


def said_by(entry: EnergyEntry) -> EntryInput:
    """An entry as if it were told again; a moisture that stood in stays one."""
    return EntryInput(
        energy_type=entry.energy_type.code,
        amount=entry.amount,
        unit=entry.unit,
        timestamp=entry.timestamp,
        period_start=entry.period_start,
        period_end=entry.period_end,
        kind=entry.kind,
        source_id=entry.source_id,
        cost=entry.cost,
        currency=entry.currency,
        moisture_fraction=None if entry.moisture_is_default else entry.moisture_fraction,
        factor_set=entry.factor_set,
        note=entry.note,
        meter_restarted=entry.meter_restarted,
    )


def local_units(factory: Factory, energy_type_id: int) -> LocalUnits:
    """The factory's own units for a type: name in lower case -> (how many, of which unit)."""
    rows = LocalUnit.objects.filter(factory=factory, energy_type_id=energy_type_id)
    return {name.lower(): (amount, unit) for name, amount, unit in rows.values_list("name", "amount", "unit")}


def columns_of(factory: Factory, data: EntryInput, now: datetime) -> dict[str, Any]:
    """The columns of an entry, results included. Raises ApiError 400 naming field, value, limit and remedy."""
    energy_type = find_energy_type(data.energy_type)
    _check(data)
    period = period_of(
        factory,
        timestamp=data.timestamp,
        start=data.period_start,
        end=data.period_end,
        now=now,
        fills_day=data.kind == EntryKind.USED,
    )
    local = local_units(factory, energy_type.pk)
    columns = {name: value for name, value in asdict(data).items() if name != "energy_type"}
    columns |= {
        "energy_type": energy_type,
        "timestamp": period.timestamp,
        "period_start": period.start,
        "period_end": period.end,
        "source": find_source(factory, data.source_id),
        **_NO_RESULTS,
    }
    del columns["source_id"]
    notices: tuple[Notice, ...] = ()
    if data.kind == EntryKind.USED:
        first_day, last_day = period.days(factory)
        book = FactorBook(energy_type, factory.country, data.factor_set, organisation=factory.organisation)
        valued, notices = value_amount(
            data.amount,
            data.unit,
            book=book,
            local=local,
            first_day=first_day,
            last_day=last_day,
            gwp_set=factory.organisation.gwp_set,
        )
        columns |= asdict(valued)
    else:
        notices = in_known_unit(data.amount, data.unit, energy_type=energy_type, local=local).notices
    if energy_type.is_wood and data.moisture_fraction is None:
        columns |= {"moisture_fraction": DEFAULT_MOISTURE_FRACTION, "moisture_is_default": True}
        notices += (Notice("moisture_default"),)
    else:
        columns["moisture_is_default"] = False
    return columns | {"warnings": [notice.stored() for notice in notices]}


def _check(data: EntryInput) -> None:
    if not data.amount.is_finite() or not 0 <= data.amount < Decimal(10) ** 12:
        raise invalid(
            "amount",
            "out_of_range",
            _("amount=%(amount)s %(unit)s is outside 0 to 1e12 %(unit)s; correct an entry, never log less than 0.")
            % {"amount": data.amount, "unit": data.unit[:40]},
        )
    if (data.cost is None) != (not data.currency):
        raise invalid(
            "currency" if data.cost is not None else "cost",
            "required",
            _("Give cost and currency together; the currency as three letters, like KES."),
        )
    if data.meter_restarted and data.kind != EntryKind.METER_READING:
        raise invalid(
            "meter_restarted",
            "of_a_reading",
            _("meter_restarted goes with kind=%(reading)s alone, not with %(kind)s.")
            % {"reading": EntryKind.METER_READING.value, "kind": data.kind},
        )
    moisture = data.moisture_fraction
    if moisture is not None and not 0 <= moisture <= MOISTURE_MAX_FRACTION:
        raise invalid(
            "moisture_fraction",
            "out_of_range",
            _("moisture_fraction=%(value)s is outside 0 to %(limit)s; give kg water a kg of wet wood, 0.30 if unknown.")
            % {"value": moisture, "limit": MOISTURE_MAX_FRACTION},
        )


def find_source(factory: Factory, source_id: int | None) -> EmissionSource | None:
    if source_id is None:
        return None
    found = EmissionSource.objects.filter(factory=factory, pk=source_id).first()
    if found is None:
        raise invalid(
            "source",
            "unknown_source",
            _("source=%(source)d is no emission source of %(factory)s.") % {"source": source_id, "factory": factory},
        )
    return found


def look_twice(entry: EnergyEntry) -> None:
    """Add what is odd beside other entries to the warnings of one that is about to be stored."""
    per_unit_kg = entry.factor.kg_per_unit if entry.factor else None
    entry.warnings = [*entry.warnings, *(n.stored() for n in plausibility.notices_for(entry, per_unit_kg))]


def save(entry: EnergyEntry) -> None:
    """The checks of the model's own fields (lengths, choices); the rest is the database's."""
    unchecked = [f.name for f in EnergyEntry._meta.fields if f.is_relation]
    entry.full_clean(exclude=unchecked, validate_unique=False, validate_constraints=False)
    entry.save()
