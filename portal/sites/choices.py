"""The choice between several factories of one manager, by their state today. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from compliance.schedule import logs
from factories.models import Factory
from portal.landing import factory_address
from portal.sites.network import network_rows
from portal.words import missing_words


@dataclass(frozen=True, slots=True)
class FactoryChoice:
    """`form`: fine if yesterday is logged, look if something is missing."""

    name: str
    county: str
    url: str
    form: str
    log_sentence: str
    state: str
    state_word: str


def factory_choices(factories: Iterable[Factory], now: datetime) -> list[FactoryChoice]:
    """Factories with something to log come first. Like `logs`, it waits while a worker recomputes site days."""
    managed = list(factories)
    kept = logs(managed, now)
    states = {row.factory_id: row for row in network_rows(managed, now)}
    choices = []
    for factory in managed:
        missing = missing_words(factory, kept[factory.pk].yesterday.missing)
        lacking = _("missing yesterday: %(items)s") % {"items": missing}
        choices.append(
            FactoryChoice(
                name=factory.name,
                county=factory.county,
                url=factory_address(factory.pk),
                form="look" if missing else "fine",
                log_sentence=lacking if missing else _("yesterday is logged"),
                state=states[factory.pk].state,
                state_word=states[factory.pk].state_word,
            )
        )
    return sorted(choices, key=lambda choice: (choice.form == "fine", choice.name))
