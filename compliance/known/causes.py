"""What changed at a site between two moments: entries, production, late readings, set-up. Each cause names its person.

Found by comparing rows as known at both moments, so that what was changed and changed back is no cause. `diff.py` says
what each of them did to a figure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from compliance.models import BasisLock
from devices.models import Assignment, AssignmentHold, Calibration, MCUDevice
from emissions.models import EmissionHour
from energy.models import LocalUnit
from factories.models import Chimney, EmissionSource, Factory, Organisation
from lib import history, sql
from logbook.choices import Act
from production.models import ProductionEntry

WORDS: dict[str, Any] = {
    "energy_added": gettext_lazy("Energy entered"),
    "energy_corrected": gettext_lazy("Energy corrected"),
    "energy_deleted": gettext_lazy("Energy deleted"),
    "energy_undone": gettext_lazy("A change of energy undone"),
    "factor": gettext_lazy("Another emission factor"),
    "gwp_set": gettext_lazy("Another GWP set"),
    "production_added": gettext_lazy("Production entered"),
    "production_corrected": gettext_lazy("Production corrected"),
    "production_deleted": gettext_lazy("Production deleted"),
    "production_undone": gettext_lazy("A change of production undone"),
    "late_readings": gettext_lazy("Readings that came late"),
    "new_hours": gettext_lazy("Hours that ended since"),
    "hours_computed_again": gettext_lazy("Hours computed again"),
    "calibration": gettext_lazy("Calibration"),
    "geometry": gettext_lazy("Geometry of a chimney"),
    "assignment": gettext_lazy("Device on a chimney"),
    "hold": gettext_lazy("Readings set aside or held"),
    "source": gettext_lazy("Emission source"),
    "site": gettext_lazy("Settings of the site"),
    "organisation": gettext_lazy("Settings of the organisation"),
    "unit": gettext_lazy("A unit of the site's own"),
    "basis_lock": gettext_lazy("Basis of a source"),
    "method": gettext_lazy("Another version of the method"),
    "not_told_apart": gettext_lazy("These together: their effects cannot be separated"),
}

_OF_HOURS = frozenset({"late_readings", "new_hours", "hours_computed_again", "method"})


class Told(NamedTuple):
    """One cause, as people read it. The same person with the same reason in the same transaction is one cause."""

    at: datetime | None
    code: str  # of WORDS
    by: str  # empty: the server
    reason: str
    what: str  # of one row; empty: of several
    number: int  # of rows, or hours


# --- Entries -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EntryCause:
    told: Told
    model: type[Model]
    ids: frozenset[int]


def entry_causes(
    model: type[Model], before: Mapping[int, Any], after: Mapping[int, Any], start: datetime, end: datetime
) -> list[EntryCause]:
    """Changed entries by act, person, reason and transaction, ascending.

    `before` and `after`: what figures read of each entry at both moments, by its key.
    """
    changed = {pk for pk in before.keys() | after.keys() if before.get(pk) != after.get(pk)}
    events: dict[int, list[Any]] = {}
    found = history.events_of(model).objects.filter(pgh_obj_id__in=changed, pgh_created_at__gt=start)
    for event in found.filter(pgh_created_at__lte=end).order_by("pgh_id"):
        events.setdefault(event.pgh_obj_id, []).append(event)
    people = _people(row[-1].changed_by_id for row in events.values())
    kind = "production" if model is ProductionEntry else "energy"
    grouped: dict[tuple[Any, ...], list[tuple[int, Any]]] = {}
    for pk in sorted(changed):
        last = events[pk][-1] if pk in events else None
        key: tuple[Any, ...] = (start, "source", "", "")  # no event of its own: its source is another kind now
        if last is not None:
            code = _code_of(kind, events[pk], before.get(pk), after.get(pk))
            key = (last.pgh_created_at, code, people.get(last.changed_by_id, ""), last.change_reason)
        grouped.setdefault(key, []).append((pk, last))
    return [
        EntryCause(
            Told._make((*key, _amount(rows[0][1]) if len(rows) == 1 else "", len(rows))),
            model,
            frozenset(pk for pk, _event in rows),
        )
        for key, rows in sorted(grouped.items(), key=lambda item: item[0])
    ]


def _code_of(kind: str, events: Sequence[Any], before: Any, after: Any) -> str:
    last = events[-1]
    if before is None and after is not None and events[0].pgh_label == "insert":
        return f"{kind}_added"
    if last.last_act == Act.UNDONE:
        return f"{kind}_undone"
    if after is None:
        return f"{kind}_deleted" if last.deleted_at else f"{kind}_corrected"
    if before is not None and kind == "energy" and last.last_act != Act.CORRECTED:
        return "factor" if before.factor_id != after.factor_id else "gwp_set"
    return f"{kind}_corrected"


def _amount(event: Any) -> str:
    if event is None:
        return ""
    if isinstance(event, history.events_of(ProductionEntry)):
        return f"{event.get_product_display()}: {event.amount_kg.normalize():f} kg"
    return f"{event.energy_type}: {event.amount.normalize():f} {event.unit}"


def _people(ids: Iterable[int | None]) -> dict[int | None, str]:
    return {user.pk: str(user) for user in User.objects.filter(pk__in={pk for pk in ids if pk is not None})}


# --- Hours -------------------------------------------------------------------------------------
class _Hour(NamedTuple):
    device_id: int
    period_start: datetime
    readings: int
    measured_ug: int
    record_ug: int | None
    status: str
    method_version: str


def hour_causes(factory_id: int, period: tuple[datetime, datetime], start: datetime, end: datetime) -> list[Told]:
    """By device: hours with other readings than before, hours that ended since, and hours that were computed again."""
    statement = sql.load("compliance", "known_hours")
    parameters = {"factory_id": factory_id, "start": period[0], "end_": period[1]}
    before, after = (
        {
            row[:2]: row
            for row in sql.fetch(*history.reading(statement, parameters, moment, Assignment, EmissionHour), _Hour)
        }
        for moment in (start, end)
    )
    changed = sorted(
        (key[0], _hour_code(before.get(key), after.get(key), start))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    )
    names = dict(MCUDevice.objects.filter(pk__in={pk for pk, _code in changed}).values_list("pk", "device_id"))
    return [Told(None, code, "", "", names[pk], len(list(rows))) for (pk, code), rows in groupby(changed)]


def _hour_code(before: _Hour | None, after: _Hour | None, start: datetime) -> str:
    if before is None and after is not None and after.period_start > start - timedelta(hours=1):
        return "new_hours"
    if after is None or (before is not None and before.readings == after.readings):
        is_same_method = before is None or after is None or before.method_version == after.method_version
        return "hours_computed_again" if is_same_method else "method"
    return "late_readings"


# --- Set-up ------------------------------------------------------------------------------------
class _Tracked(NamedTuple):
    """Rows that decide figures: which columns do, and how a row leads to its site."""

    code: str
    model: type[Model]
    path: str
    columns: str


_CHIMNEY = "shape diameter_m width_m height_m velocity_profile_factor moisture_method moisture_fraction"
_ASSIGNMENT = "device_id chimney_id valid_from valid_to is_of_record range_ppm co2_basis pressure_compensation"
_SOURCE = "kind chimney_id fuels first_day last_day methane_per_t methane_unit mine_class"
_SETUP = (
    _Tracked("calibration", Calibration, "device__factory", "calibrated_at kind pressure_pa reading_ppm reference_ppm"),
    _Tracked("geometry", Chimney, "factory", _CHIMNEY),
    _Tracked("assignment", Assignment, "factory", _ASSIGNMENT),
    _Tracked("hold", AssignmentHold, "assignment__factory", "kind stream starts_at ends_at resolution"),
    _Tracked("source", EmissionSource, "factory", _SOURCE),
    _Tracked("site", Factory, "id", "altitude_m altitude_is_estimated time_zone day_starts_at sector"),
    _Tracked("organisation", Organisation, "", "substitution_method"),
    _Tracked("unit", LocalUnit, "factory", "name energy_type_id amount unit"),
    _Tracked("basis_lock", BasisLock, "factory", "source_id gas from_month basis"),
)


def setup_causes(factory: Factory, start: datetime, end: datetime) -> list[Told]:
    return sorted(cause for tracked in _SETUP for cause in _changes(tracked, factory, start, end))


def _changes(tracked: _Tracked, factory: Factory, start: datetime, end: datetime) -> Iterator[Told]:
    place: Any = {tracked.path: factory.pk} if tracked.path else {"id": factory.organisation_id}
    values: Callable[[Any], Any] = itemgetter(*tracked.columns.split(), "id")
    before, after = ({row.pk: row for row in history.rows(tracked.model, moment, **place)} for moment in (start, end))
    changed = [
        pk
        for pk in sorted(before.keys() | after.keys())
        if (pk in before) != (pk in after) or values(vars(before[pk])) != values(vars(after[pk]))
    ]
    events = history.events_of(tracked.model).objects.filter(pgh_obj_id__in=changed, pgh_created_at__gt=start)
    last = {event.pgh_obj_id: event for event in events.filter(pgh_created_at__lte=end).order_by("pgh_id")}
    by = {pk: _user(event) for pk, event in last.items()}
    people = _people(by.values())
    for pk in changed:
        row = after.get(pk) or before[pk]
        reason = getattr(last[pk], "change_reason", "") or getattr(last[pk], "reason", "")
        yield Told(last[pk].pgh_created_at, tracked.code, people.get(by[pk], ""), str(reason), str(row), 1)


def _user(event: Any) -> int | None:
    found: int | None = event.pgh_context.metadata.get("user") if event.pgh_context else None
    return found


def words_of(told: Told) -> str:
    """One line for people."""
    parts = [str(WORDS[told.code])]
    if told.what:
        parts.append(told.what)
    if told.number > 1:
        words = _("%(count)d hours") if told.code in _OF_HOURS else _("%(count)d entries")
        parts.append(words % {"count": told.number})
    return ": ".join(parts[:2]) + "".join(f", {part}" for part in parts[2:])
