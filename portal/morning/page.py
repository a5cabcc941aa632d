"""HQ's morning page: who logged yesterday and whom to ask, which sites need a look, and the figures. Reads only.

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
from compliance.schedule import Log, logs
from compliance.targets import verdicts_of
from emissions.settling import SitePeriod
from factories.choices import Item
from factories.days import day_just_ended, day_label, factory_day, last_day_over_everywhere
from factories.models import Factory, Organisation
from factories.sectors import Sector, shared_sector
from lib.templatetags.units import clock
from logbook.models import Reminder
from logbook.reminders import last_reminders
from portal.landing import factory_address
from portal.looks import SiteLook, looks, with_dots
from portal.morning.figures import PERIOD_DAYS, mass_figures, success_figures
from portal.morning.inputs import Figure, Inputs
from portal.morning.sums import sums_by_factory
from portal.words import missing_words, settling_sentence


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
    looks: tuple[SiteLook, ...]
    calm_count: int  # sites that need no look: an alarm of a missing log is in `askings`
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
    # Whom to ask for a log stands apart.
    found = with_dots(looks(user, factories, without=[AlertKind.LOG_MISSING]), factories, now)
    inputs = _inputs(factories, kept, now, sector=sector) if factories else None
    return MorningPage(
        organisation_name=organisation.name,
        organisations=_links(organisation, choices),
        sector=sector,
        factory_count=len(factories),
        yesterday_label=day_just_ended(factories[0], now).hours_label if factories else "",
        headline=_headline(kept, len(late), len(found)),
        # Read-only users see what is missing, without anybody's phone number.
        askings=tuple(_askings(late, kept, base_url=base_url) if may_ask else (_asking(f, kept[f.pk]) for f in late)),
        remind_label=ngettext("Remind %d factory", "Remind %d factories", len(late)) % len(late) if may_ask else "",
        looks=tuple(found),
        calm_count=len(factories) - len(found),
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


def _headline(kept: Mapping[int, Log], late: int, looks_count: int) -> tuple[str, ...]:
    sentences = [_("%(count)d of %(total)d logged yesterday.") % {"count": len(kept) - late, "total": len(kept)}]
    waiting = sum(log.yesterday.awaits_bill for log in kept.values())
    if waiting:
        words = ngettext("%d waits for its electricity bill.", "%d wait for their electricity bills.", waiting)
        sentences.append(words % waiting)
    if looks_count:
        sentences.append(ngettext("%d site needs a look.", "%d sites need a look.", looks_count) % looks_count)
    elif not late:  # whom to ask is a look too
        sentences.append(_("No site needs a look."))
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
