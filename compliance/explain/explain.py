"""From the text of a figure to its card, for whoever may see it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.dateformat import format as date_words
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, visible_to
from accounts.roles import Action
from compliance.explain import entries, stacks
from compliance.explain.card import Card
from compliance.explain.catalogue import right_of
from compliance.explain.days import explain_day
from compliance.explain.identity import LONGEST, Identity, NotAFigureError, parse
from compliance.explain.inventories import explain_inventory
from compliance.explain.sites import Book, UnknownNameError, explain_site
from compliance.explain.targets import explain_target
from compliance.targets import visible_targets
from devices.models import MCUDevice
from energy.models import EmissionFactor, EnergyEntry
from factories.known import factories_known
from factories.models import Chimney, Factory
from lib import history
from lib.errors import invalid
from production.models import ProductionEntry

_SITES_OF = {  # path from a site to what the ids of these kinds name
    "pk": ("site", "day", "stack", "inventory"),
    "chimneys": ("chimney", "hour"),
    "energy_entries": ("entry", "share"),
    "production_entries": ("production", "made"),
}


def read_figure(text: str) -> Identity:
    """Raises ApiError 400 for what is not the identity of a figure."""
    try:
        return parse(text)
    except NotAFigureError:
        words = _("figure=%(figure)r names no figure; copy it from a page, or see the grammar in the documentation.")
        raise invalid("figure", "not_a_figure", words % {"figure": text[:LONGEST]}) from None


def explain(text: str, user: AnyUser, *, as_known_on: datetime | None = None, book: Book | None = None) -> Card:
    """The card of a figure, as known at a moment or now.

    Raises ApiError 400 for no identity, Http404 for what is not there or not for the user, nor kept of that moment.
    """
    figure = read_figure(text)
    book = book or Book(timezone.now(), as_known_on)
    asked = Asked(figure, user, right_of(figure.kind, figure.name), book)
    try:
        card = asked.card()
    except (UnknownNameError, ArithmeticError):
        raise Http404 from None
    if card is None:
        raise Http404
    return replace(card, place=asked.place, period=asked.period, as_known_on=book.as_known_on)


def zones_of(text: str) -> list[tzinfo]:
    """Of the sites that a figure names: a bare date of `as_known_on` ends there."""
    figure = read_figure(text)
    path = next((path for path, kinds in _SITES_OF.items() if figure.kind in kinds), None)
    return [] if path is None else [factory.zone for factory in Factory.objects.filter(**{f"{path}__in": figure.ids})]


def is_kept(figure: Identity) -> bool:
    """Whether the history has such figures: not what depends on readings, or on when a sensor was mounted."""
    return figure.kind not in ("stack", "reading", "target") and figure.name not in ("operating_share", "mounted_h")


class Asked:
    """A figure with who asks for it."""

    def __init__(self, figure: Identity, user: AnyUser, action: Action, book: Book) -> None:
        self.figure, self.user, self.action, self.book = figure, user, action, book

    def card(self) -> Card | None:
        known_on = self.book.as_known_on
        if known_on is not None and not is_kept(self.figure):
            return None
        of_kind: dict[str, Callable[[], Card | None]] = {
            "site": lambda: explain_site(self.figure, self.book),
            "day": lambda: explain_day(self.figure, self.book),
            "stack": lambda: stacks.explain_stack(self.figure, self.sites[0]),
            "chimney": lambda: stacks.explain_chimney(self.figure, self.row(Chimney.objects), known_on),
            "hour": lambda: stacks.explain_hour(self.figure, self.row(Chimney.objects), known_on),
            "inventory": lambda: explain_inventory(self.figure, self.sites, known_on),
            "reading": self._reading,
            "target": self._target,
            "entry": lambda: entries.explain_entry(self.figure, self.row(EnergyEntry.objects)),
            "production": lambda: entries.explain_production(self.figure, self.row(ProductionEntry.objects)),
            "share": lambda: entries.explain_share(self.figure, self.row(EnergyEntry.objects)),
            "made": lambda: entries.explain_share(self.figure, self.row(ProductionEntry.objects)),
            "factor": lambda: entries.explain_factor(self.figure, self._factor()),
        }
        self.sites = self._sites() if self.figure.kind in ("site", "day", "stack", "inventory") else []
        return of_kind.get(self.figure.kind, lambda: None)()

    def _sites(self) -> list[Factory]:
        rows = Factory.objects.select_related("organisation").filter(pk__in=self.figure.ids)
        found = list(visible_to(self.user, rows, factory_path="", action=self.action).order_by("name"))
        if len(found) < len(self.figure.ids):
            raise Http404
        return found

    def row(self, manager: Any) -> Any:
        """The row that the figure names, with its factory."""
        related = ["factory__organisation"]
        if manager.model is EnergyEntry:
            related += ["energy_type", "factor__energy_type", "ch4_factor__energy_type", "n2o_factor__energy_type"]
        rows: QuerySet[Any] = manager.select_related(*related).filter(pk=self.figure.id)
        row = visible_to(self.user, rows, action=self.action).first()
        if row is None:
            raise Http404
        self.sites = [row.factory]
        if self.book.as_known_on is not None and manager.model in (EnergyEntry, ProductionEntry):
            then = history.rows(manager.model, self.book.as_known_on, pk=row.pk)
            known = factories_known([row.factory], self.book.as_known_on)
            if not then or not known:
                raise Http404
            row, row.factory = then[0], known[0]
        return row

    @property
    def place(self) -> str:
        return ", ".join(site.name for site in self.sites[:3]) + (", ..." if len(self.sites) > 3 else "")

    @property
    def period(self) -> str:
        figure = self.figure
        if isinstance(figure.first, datetime) and self.sites:
            start, end = (moment.astimezone(self.sites[0].zone) for moment in (figure.first_hour, figure.end_hour))
            return f"{date_words(start, 'j M Y H:i')} - {date_words(end, 'j M Y H:i')}"
        if figure.first is None:
            return ""
        return " - ".join(dict.fromkeys(date_words(day, "j M Y") for day in (figure.first_day, figure.last_day)))

    def _target(self) -> Card | None:
        target = visible_targets(self.user, self.action).filter(pk=self.figure.id).first()
        if target is None:
            return None
        self.sites = [target.factory] if target.factory else []
        return explain_target(self.figure, target, self.book)

    def _reading(self) -> Card | None:
        self.row(MCUDevice.objects)
        return stacks.explain_reading(self.figure)

    def _factor(self) -> EmissionFactor:
        """Published ones are for all who see energy; those of an organisation for its people."""
        seen = visible_to(self.user, Factory.objects.all(), factory_path="", action=self.action)
        rows = EmissionFactor.objects.select_related("energy_type").filter(
            Q(organisation=None) | Q(organisation__in=seen.values("organisation")), pk=self.figure.id
        )
        row = rows.first() if seen.exists() else None
        if row is None:
            raise Http404
        return row
