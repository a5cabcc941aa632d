"""The rungs below a card: hours by status, readings as received, factors, set-up in force, who changed what."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, may
from accounts.roles import Action
from compliance.explain import stacks
from compliance.explain.card import Card, Rung
from compliance.explain.identity import Identity, hour, parse
from devices.models import Assignment, Calibration
from emissions import queries
from emissions.derive import moment
from emissions.models import HourStatus
from energy.choices import EntryKind
from energy.models import EmissionFactor, EnergyEntry
from factories.days import factory_day
from factories.models import Chimney, Factory
from lib import history
from lib.decimals import plain
from logbook.queries import overlapping
from production.models import ProductionEntry

MOST_ROWS = 2000  # of one rung; an hour has 720 readings, a month of one chimney 744 hours
_OF_SITES = ("site", "day", "share", "made", "inventory")
_OF_STACKS = ("stack", "chimney", "hour")


def with_ladder(card: Card, user: AnyUser) -> Card:
    """The card with its rungs: of a single site, only those that the user may see, and as known when the card is."""
    ladder = _Ladder(parse(card.figure), card.as_known_on)
    if ladder.factory is None:
        return card
    asked = (
        (Action.VIEW_READINGS, ladder.hours),
        (Action.VIEW_READINGS, ladder.readings),
        (Action.VIEW_ENERGY, ladder.factors),
        (Action.VIEW_DEVICES, ladder.setup),
        (Action.VIEW_ENERGY, ladder.history),
    )
    return card.with_rungs([rung for action, make in asked if may(user, action, ladder.factory) for rung in make()])


def readings_in(card: Card) -> int:
    """How many raw readings a card with its rungs discloses, for the audit log."""
    return sum(len(rung.rows) for rung in card.rungs if rung.key == "readings")


def _filtered(rows: Any, wanted: Q) -> Any:
    return rows.filter(wanted)


class _Ladder:
    """A figure of one site, with the time it is about."""

    def __init__(self, figure: Identity, known_on: datetime | None) -> None:
        self.figure, self.known_on = figure, known_on
        self.entry = self._entry(figure)
        self.factory = self._factory()
        self.start, self.end = self._period() if self.factory else (None, None)

    def _entry(self, figure: Identity) -> Any:
        kinds = {"entry": EnergyEntry, "share": EnergyEntry, "production": ProductionEntry, "made": ProductionEntry}
        model: Any = kinds.get(figure.kind)
        return model and history.rows(model, self.known_on, pk=figure.id)[0]

    def _factory(self) -> Factory | None:
        if self.entry is not None:
            found: Factory = self.entry.factory
            return found
        rows = Factory.objects.select_related("organisation")
        if self.figure.kind in ("chimney", "hour"):
            return rows.get(chimneys=self.figure.id)
        is_of_one = self.figure.kind not in ("factor", "reading", "target") and len(self.figure.ids) == 1
        return rows.get(pk=self.figure.id) if is_of_one else None

    def _period(self) -> tuple[datetime | None, datetime | None]:
        assert self.factory is not None
        if self.entry is not None:
            return self.entry.period_start, self.entry.period_end
        if isinstance(self.figure.first, datetime):
            return self.figure.first_hour, self.figure.end_hour
        if self.figure.first is None:
            return None, None
        first, last = (factory_day(self.factory, day) for day in (self.figure.first_day, self.figure.last_day))
        return first.starts_at, last.ends_at

    @property
    def chimneys(self) -> list[Chimney]:
        if self.factory is None or self.entry is not None or self.start is None:
            return []
        rows = self.factory.chimneys.order_by("name")
        return list(rows.filter(pk=self.figure.id) if self.figure.kind in ("chimney", "hour") else rows)

    def hours(self) -> Iterator[Rung]:
        """By status; of a short time each hour."""
        if self.start is None or self.end is None:
            return
        rows, figures, is_short = [], [], self.end - self.start <= timedelta(days=2)
        for chimney in self.chimneys:
            by_status: dict[str, list[float]] = {}
            for row in self._hours_of(chimney, self.start, self.end):
                status = str(HourStatus(row.status).label)
                by_status.setdefault(status, []).append((row.record_ug or 0) / 1e9)
                if is_short:
                    kg = "" if row.record_ug is None else f"{row.record_ug / 1e9:.6f}"
                    covered = getattr(row, "method", "") or f"{row.covered_ms / 36_000:.1f}"
                    at = f"{row.period_start.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
                    rows.append((chimney.name, at, status, kg, covered))
                    figures.append(hour(chimney.pk, row.period_start))
            if not is_short:
                rows += [(chimney.name, str(len(kg)), status, f"{sum(kg):.6f}", "") for status, kg in by_status.items()]
        when = _("hour") if is_short else _("hours")
        heads = (_("chimney"), when, _("status"), _("kg of record"), _("covered, %"))
        yield Rung("hours", _("Hours by status"), heads, tuple(rows), tuple(figures))

    def _hours_of(self, chimney: Chimney, start: datetime, end: datetime) -> list[Any]:
        if self.known_on is not None:
            return [*stacks.known_hours(chimney, start, end, self.known_on)]
        filled = stacks.substituted_of_chimney(chimney, start, end)
        without = {one.period_start for one in filled}
        stored = stacks.hours_of_chimney(chimney, start, end)
        return [*(one for one in stored if one.period_start not in without), *filled]

    def readings(self) -> Iterator[Rung]:
        """As received, of one hour; what was known of them at a moment, no history keeps."""
        if self.figure.kind != "hour" or self.start is None or self.end is None or self.known_on is not None:
            return
        devices = {row.device_id for row in stacks.hours_of_chimney(self.chimneys[0], self.start, self.end)}
        page = queries.readings_page(sorted(devices), self.start, self.end, None, MOST_ROWS)
        found = queries.with_meaning(page.rows)
        names = ("co2_ppm", "temperature_c", "velocity_ms", "pressure_pa")
        rows = tuple(
            (
                f"{moment(item.row.t_ms):%H:%M:%S}",
                f"{moment(item.row.received_ms):%Y-%m-%d %H:%M:%S}",
                *("" if (value := getattr(item.row, name)) is None else f"{value:g}" for name in names),
                str(item.quality.name or ""),
                "" if item.co2_kg_per_s is None else f"{item.co2_kg_per_s:.8f}",
            )
            for item in found
        )
        heads = (_("measured, UTC"), _("received, UTC"), *names, _("flags"), "co2_kg_per_s")
        yield Rung("readings", _("Readings as received"), heads, rows, tuple(map(stacks.reading_figure, found)))

    def _entries(self) -> list[EnergyEntry]:
        if isinstance(self.entry, EnergyEntry):
            return [self.entry]
        if self.figure.kind not in _OF_SITES or self.start is None or self.end is None or self.entry is not None:
            return []
        return self._logged(EnergyEntry, kind__in=[EntryKind.USED, EntryKind.MARKET])

    def _logged(self, model: Any, **filters: Any) -> list[Any]:
        """Entries of the site that count in the time of the figure."""
        assert self.factory is not None
        assert self.start is not None
        assert self.end is not None
        within = partial(overlapping, start=self.start, end=self.end)
        return history.rows(model, self.known_on, within, factory_id=self.factory.pk, **filters)[:MOST_ROWS]

    def factors(self) -> Iterator[Rung]:
        ids = [pk for e in self._entries() for pk in (e.factor_id, e.ch4_factor_id, e.n2o_factor_id) if pk]
        rows = EmissionFactor.objects.filter(pk__in=ids).select_related("energy_type")
        table = tuple(
            (
                row.energy_type.code,
                row.gas,
                f"{plain(row.value)} {row.unit}",
                f"{row.set_name} v{row.version}",
                f"{row.valid_from} - {row.valid_to or ''}",
                row.source,
                row.publication,
            )
            for row in rows
        )
        heads = (_("type"), _("gas"), _("value"), _("set"), _("valid"), _("source"), _("publication"))
        figures = tuple(str(Identity("factor", (row.pk,), "value")) for row in rows)
        yield Rung("factors", _("Emission factors"), heads, table, figures)

    def setup(self) -> Iterator[Rung]:
        """Geometry, device settings and calibrations that were in force in the time of the figure."""
        if self.start is None or self.end is None:
            return
        rows: list[tuple[str, ...]] = []
        in_force = partial(_filtered, wanted=Q(valid_to=None) | Q(valid_to__gt=self.start))
        for chimney in history.rows(Chimney, self.known_on, pk__in=[one.pk for one in self.chimneys]):
            sides = (chimney.width_m, chimney.height_m, chimney.diameter_m)
            size = " x ".join(f"{side:g} m" for side in sides if side)
            words = f"{size}, k {chimney.velocity_profile_factor}, {chimney.moisture_method}"
            rows.append((chimney.name, _("geometry"), "", words))
            mounted = history.rows(
                Assignment, self.known_on, in_force, chimney_id=chimney.pk, is_of_record=True, valid_from__lt=self.end
            )
            for one in mounted:
                words = f"{one.sensor} {one.range_ppm} ppm, {one.co2_basis}, {one.pressure_compensation}"
                since = f"{one.valid_from:%Y-%m-%d %H:%M} - {one.valid_to or ''}"
                rows.append((chimney.name, one.device.device_id, since, words))
                checks = history.rows(Calibration, self.known_on, device_id=one.device_id, calibrated_at__lt=self.end)
                for check in sorted(checks, key=lambda check: check.calibrated_at, reverse=True)[:4]:
                    words = f"{check.get_kind_display()}, {check.pressure_pa:g} Pa"
                    rows.append((chimney.name, _("calibration"), f"{check.calibrated_at:%Y-%m-%d %H:%M}", words))
        heads = (_("chimney"), _("what"), _("valid"), _("settings"))
        yield Rung("setup", _("Geometry, calibration and device settings"), heads, tuple(rows))

    def history(self) -> Iterator[Rung]:
        """Each version of the entries behind the figure, newest first."""
        ids = [entry.pk for entry in self._entries()]
        made = [self.entry.pk] if isinstance(self.entry, ProductionEntry) else []
        if self.entry is None and self.figure.kind in _OF_SITES and self.start and self.end:
            made = [entry.pk for entry in self._logged(ProductionEntry)]
        rows = []
        tracked: Any = ((EnergyEntry, ids, "amount"), (ProductionEntry, made, "amount_kg"))
        for model, pks, amount in tracked:
            found = model.events.rel.related_model.objects.filter(pgh_obj_id__in=pks).select_related(
                "changed_by", "recorded_by"
            )
            if self.known_on is not None:
                found = found.filter(pgh_created_at__lte=self.known_on)
            for event in found.order_by("-pgh_created_at")[:MOST_ROWS]:
                who = event.changed_by or event.recorded_by
                words = (str(who or ""), event.get_last_act_display(), event.change_reason)
                shown = f"{plain(getattr(event, amount))} {event.unit if amount == 'amount' else 'kg'}"
                rows.append((f"{event.pgh_created_at:%Y-%m-%d %H:%M:%S}", f"{event.pgh_obj_id}", shown, *words))
        heads = (_("stored, UTC"), _("entry"), _("amount"), _("who"), _("act"), _("reason"))
        yield Rung("history", _("Versions and who changed what"), heads, tuple(sorted(rows, reverse=True)))
