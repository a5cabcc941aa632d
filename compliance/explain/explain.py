"""From the text of a figure to its card, for whoever may see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, visible_to
from accounts.roles import Action
from compliance.explain import entries, stacks
from compliance.explain.card import Card
from compliance.explain.catalogue import right_of
from compliance.explain.days import explain_day
from compliance.explain.identity import LONGEST, Identity, NotAFigureError, parse
from compliance.explain.sites import Book, UnknownNameError, explain_site
from devices.models import MCUDevice
from energy.models import EmissionFactor, EnergyEntry
from factories.models import Chimney, Factory
from lib.errors import invalid
from production.models import ProductionEntry


def read_figure(text: str) -> Identity:
    """Raises ApiError 400 for what is not the identity of a figure."""
    try:
        return parse(text)
    except NotAFigureError:
        words = _("figure=%(figure)r names no figure; copy it from a page, or see the grammar in the documentation.")
        raise invalid("figure", "not_a_figure", words % {"figure": text[:LONGEST]}) from None


def explain(text: str, user: AnyUser, *, now: datetime | None = None, book: Book | None = None) -> Card:
    """The card of a figure. Raises ApiError 400 for no identity, Http404 for what is not there or not for the user."""
    figure = read_figure(text)
    asked = Asked(figure, user, right_of(figure.kind, figure.name), book or Book(now or timezone.now()))
    try:
        card = asked.card()
    except (UnknownNameError, ArithmeticError):
        raise Http404 from None
    if card is None:
        raise Http404
    return card


class Asked:
    """A figure with who asks for it."""

    def __init__(self, figure: Identity, user: AnyUser, action: Action, book: Book) -> None:
        self.figure, self.user, self.action, self.book = figure, user, action, book

    def card(self) -> Card | None:
        of_kind: dict[str, Callable[[], Card | None]] = {
            "site": lambda: explain_site(self.figure, self.book),
            "day": lambda: explain_day(self.figure, self.book),
            "stack": lambda: stacks.explain_stack(self.figure, self.sites[0]),
            "chimney": lambda: stacks.explain_chimney(self.figure, self.row(Chimney.objects)),
            "hour": lambda: stacks.explain_hour(self.figure, self.row(Chimney.objects)),
            "reading": self._reading,
            "entry": lambda: entries.explain_entry(self.figure, self.row(EnergyEntry.objects)),
            "production": lambda: entries.explain_production(self.figure, self.row(ProductionEntry.objects)),
            "share": lambda: entries.explain_share(self.figure, self.row(EnergyEntry.objects)),
            "made": lambda: entries.explain_share(self.figure, self.row(ProductionEntry.objects)),
            "factor": lambda: entries.explain_factor(self.figure, self._factor()),
        }
        self.sites = self._sites() if self.figure.kind in ("site", "day", "stack") else []
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
        return row

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
