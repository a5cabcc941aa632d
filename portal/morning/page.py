"""HQ's morning page: who logged yesterday and whom to ask, which sensors are silent, and the figures. Reads only.

The figures themselves are in `figures.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, User
from accounts.roles import Role
from alerts.choices import AlertKind
from alerts.queries import open_alerts
from alerts.sentences import price_sentence, sentence_of
from compliance.schedule import Log, logs
from compliance.targets import verdicts_of
from devices.queries import DeviceState, of_record_at, state_of, waiting_holds
from emissions.settling import SitePeriod
from factories.choices import Item
from factories.days import day_just_ended, day_label, factory_day, last_day_over_everywhere
from factories.models import Factory, Organisation
from factories.sectors import Sector, shared_sector
from lib.templatetags.units import clock
from logbook.models import Reminder
from logbook.reminders import last_reminders
from portal.landing import factory_address
from portal.morning.figures import PERIOD_DAYS, mass_figures, success_figures
from portal.morning.inputs import Figure, Inputs
from portal.morning.sums import sums_by_factory
from portal.words import hold_sentence, missing_words, settling_sentence

ALARMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Asking:
    """A factory with an incomplete log of yesterday, and how to reach its manager."""

    factory_id: int
    name: str
    url: str
    day: date
    missing: str
    manager: str = ""
    phone: str = ""
    whatsapp_url: str = ""
    asked: str = ""

    @property
    def phone_url(self) -> str:
        return f"tel:{self.phone}" if self.phone else ""


@dataclass(frozen=True, slots=True)
class DeviceNote:
    """A message about a device, or a decision that is open."""

    name: str
    url: str
    text: str
    when: str


@dataclass(frozen=True, slots=True)
class OrganisationLink:
    name: str
    url: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class MorningPage:
    organisation_name: str
    organisations: tuple[OrganisationLink, ...]
    sector: Sector
    factory_count: int
    yesterday_label: str
    headline: tuple[str, ...]
    askings: tuple[Asking, ...]
    remind_label: str
    silent_names: tuple[DeviceNote, ...]
    alarms: tuple[DeviceNote, ...]  # their price in place of a time
    holds: tuple[DeviceNote, ...]
    success: tuple[Figure, ...]
    masses: tuple[Figure, ...]
    inputs: Inputs | None


def morning_page(
    organisation: Organisation,
    choices: Sequence[Organisation],
    factories: Sequence[Factory],
    now: datetime,
    *,
    may_ask: bool,
    base_url: str,
    user: Any,
) -> MorningPage:
    """The morning of one organisation. The number of queries does not grow with its factories."""
    kept = logs(factories, now)
    sector = shared_sector(factory.sector for factory in factories)
    late = [factory for factory in factories if not kept[factory.pk].yesterday.is_complete]
    silent = _silent(factories, now)
    (alarms, alarm_count), holds = _alarms(user, factories), _holds(factories)
    inputs = _inputs(factories, kept, now, sector=sector) if factories else None
    return MorningPage(
        organisation_name=organisation.name,
        organisations=_links(organisation, choices),
        sector=sector,
        factory_count=len(factories),
        yesterday_label=day_just_ended(factories[0], now).hours_label if factories else "",
        headline=_headline(kept, len(late), silent, alarm_count, holds),
        # Read-only users see what is missing, without anybody's phone number.
        askings=tuple(_askings(late, kept, base_url=base_url) if may_ask else (_asking(f, kept[f.pk]) for f in late)),
        remind_label=ngettext("Remind %d factory", "Remind %d factories", len(late)) % len(late) if may_ask else "",
        silent_names=tuple(silent),
        alarms=tuple(alarms),
        holds=tuple(holds),
        success=success_figures(inputs) if inputs else (),
        masses=mass_figures(inputs) if inputs else (),
        inputs=inputs,
    )


def _links(shown: Organisation, choices: Sequence[Organisation]) -> tuple[OrganisationLink, ...]:
    if len(choices) < 2:
        return ()
    return tuple(
        OrganisationLink(o.name, f"{reverse('morning')}?organisation={o.pk}", o.pk == shown.pk) for o in choices
    )


def _inputs(factories: Sequence[Factory], kept: Mapping[int, Log], now: datetime, *, sector: Sector) -> Inputs:
    last = last_day_over_everywhere(factories, now)
    first = last - timedelta(days=PERIOD_DAYS - 1)
    return Inputs(
        factories=factories,
        first_day=first,
        last_day=last,
        logs=kept,
        sums=sums_by_factory(factories, first, last, now),
        verdicts=verdicts_of(factories, now),
        sector=sector,
        settling_sentence=_settling_sentence(factories, first, last, now),
    )


def _settling_sentence(factories: Sequence[Factory], first: date, last: date, now: datetime) -> str:
    periods = [SitePeriod(f.pk, factory_day(f, first).starts_at, factory_day(f, last).ends_at) for f in factories]
    return settling_sentence(periods, factories[0].time_zone, now)


def _headline(
    kept: Mapping[int, Log], late: int, silent: Sequence[DeviceNote], alarm_count: int, holds: Sequence[DeviceNote]
) -> tuple[str, ...]:
    sentences = [
        _("%(count)d of %(total)d logged yesterday.") % {"count": len(kept) - late, "total": len(kept)},
        ngettext("%d sensor silent.", "%d sensors silent.", len(silent)) % len(silent),
        ngettext("%d alarm.", "%d alarms.", alarm_count) % alarm_count,
    ]
    waiting = sum(log.yesterday.awaits_bill for log in kept.values())
    if waiting:
        words = ngettext("%d waits for its electricity bill.", "%d wait for their electricity bills.", waiting)
        sentences.insert(1, words % waiting)
    if holds:
        sentences.append(ngettext("%d waiting for a decision.", "%d waiting for a decision.", len(holds)) % len(holds))
    return tuple(sentences)


# --- Whom to ask --------------------------------------------------------------------------------
def _asking(factory: Factory, log: Log, **how: str) -> Asking:
    day = log.yesterday
    return Asking(
        factory.pk, factory.name, factory_address(factory.pk), day.day, missing_words(factory, day.missing), **how
    )


def _askings(late: Sequence[Factory], kept: Mapping[int, Log], *, base_url: str) -> Iterable[Asking]:
    if not late:
        return
    managers = _managers(late)
    reminders = last_reminders([f.pk for f in late], {kept[f.pk].yesterday.day for f in late})
    for factory in late:
        yesterday = kept[factory.pk].yesterday
        manager = managers.get(factory.pk)
        phone = (manager.phone or "") if manager else ""
        text = quote(reminder_text(factory, yesterday.missing, yesterday.starts_at, manager, base_url))
        yield _asking(
            factory,
            kept[factory.pk],
            manager=str(manager) if manager else "",
            phone=phone,
            whatsapp_url=f"https://wa.me/{phone.removeprefix('+')}?text={text}" if phone else "",
            asked=asked_words(reminders.get((factory.pk, yesterday.day)), factory),
        )


def asked_words(reminder: Reminder | None, factory: Factory) -> str:
    if reminder is None:
        return ""
    return _("asked by %(person)s %(time)s") % {
        "person": reminder.asked_by.get_short_name(),
        "time": clock(reminder.asked_at, factory.time_zone),
    }


def _managers(factories: Sequence[Factory]) -> dict[int, User]:
    """The manager of each factory. One with a phone number comes first, since HQ calls or writes to it."""
    memberships = Membership.objects.filter(
        factory__in=[factory.pk for factory in factories], role=Role.FACTORY_MANAGER, user__is_active=True
    ).select_related("user")
    managers: dict[int, User] = {}
    for membership in sorted(memberships, key=lambda m: (not m.user.phone, m.pk)):
        if membership.factory_id is not None:
            managers.setdefault(membership.factory_id, membership.user)
    return managers


def reminder_text(factory: Factory, missing: Iterable[Item], day: datetime, manager: User | None, base_url: str) -> str:
    """The message to a manager, in the manager's language. In a demo it says first that the data are simulated."""
    with translation.override((manager and manager.language) or translation.get_language()):
        text = _(
            "%(factory)s: the log of %(day)s is not complete. Missing: %(items)s. It takes 20 seconds: %(url)s"
        ) % {
            "factory": factory.name,
            "day": day_label(day.date()),
            "items": missing_words(factory, missing),
            "url": f"{base_url}{factory_address(factory.pk)}",
        }
        return ". ".join((_("SIMULATED DATA - not the real factory"), text)) if settings.DEMO else text


# --- Devices ------------------------------------------------------------------------------------
def _notice(factory: Factory, text: str, when: str, moment: datetime | None, **words: str) -> DeviceNote:
    when %= {"time": clock(moment, factory.time_zone), **words}
    return DeviceNote(factory.name, reverse("factory", args=[factory.pk]), text, when)


def _silent(factories: Sequence[Factory], now: datetime) -> list[DeviceNote]:
    """Devices of record that reported before and are silent now. A device that never reported is not silent."""
    by_pk = {factory.pk: factory for factory in factories}
    silent = [
        (a.device.last_heartbeat, a.device.device_id, by_pk[a.factory_id])
        for a in of_record_at(factories, now)
        if state_of(a.device, now) is DeviceState.SILENT
    ]
    return [
        _notice(factory, device_id, _("silent since %(time)s"), heard)
        for heard, device_id, factory in sorted(silent, key=lambda row: (row[0], row[1]))
    ]


def _alarms(user: Any, factories: Sequence[Factory]) -> tuple[list[DeviceNote], int]:
    """The gravest open alarms of these sites, and how many there are, without those that the lists beside them hold."""
    said = (AlertKind.HOLD_OPEN, AlertKind.SENSOR_SILENT, AlertKind.LOG_MISSING)
    found = list(open_alerts(user).filter(factory__in=list(factories)).exclude(kind__in=said))
    rows = [
        DeviceNote(
            alert.factory.name if alert.factory else "",
            reverse("alarm", args=[alert.pk]),
            sentence_of(alert),
            price_sentence(alert),
        )
        for alert in found[:ALARMS_SHOWN]
    ]
    return rows, len(found)


def _holds(factories: Sequence[Factory]) -> list[DeviceNote]:
    by_pk = {factory.pk: factory for factory in factories}
    held = waiting_holds().filter(assignment__factory__in=list(by_pk))
    return [
        _notice(by_pk[hold.assignment.factory_id], hold_sentence(hold) or "", _("since %(time)s"), hold.starts_at)
        for hold in held.select_related("assignment").order_by("starts_at", "pk")
    ]
