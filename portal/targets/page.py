"""What the pages of targets show: each target with its verdict, and the path of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from compliance import site_days
from compliance.explain.targets import of_verdict
from compliance.models import Target
from compliance.targets import Verdict, line, verdicts, year_of_window
from factories.models import Factory
from lib.decimals import plain
from portal.drawn.target_path import TargetPathDrawing, draw_target_path


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target as the list shows it. `form` is the form of its state (fine, look, unknown), beside its words."""

    target: Target
    url: str
    place: str
    goal: str
    form: str
    word: str
    sentence: str
    identity: str = ""  # of the first number in it


@dataclass(frozen=True, slots=True)
class TargetPage:
    row: TargetRow
    verdict: Verdict | None  # None: the target is ended
    path: TargetPathDrawing | None
    history: tuple[tuple[datetime, str, str], ...]  # when, what stood there, why; newest first


def target_rows(targets: list[Target], now: datetime) -> list[TargetRow]:
    """In force first, those to look at before those that are met; two queries for all verdicts."""
    in_force = [target for target in targets if target.ended_at is None]
    found = _verdicts(in_force, now)
    order = {"look": 0, "unknown": 1, "fine": 2, "": 3}
    rows = [_row(target, found.get(target.pk)) for target in targets]
    return sorted(rows, key=lambda row: (order[row.form], row.place, row.target.pk))


def _verdicts(targets: list[Target], now: datetime) -> dict[int, Verdict]:
    if not targets:
        return {}
    whole = [target.organisation_id for target in targets if target.factory_id is None]
    sites = Factory.objects.filter(Q(pk__in=[target.factory_id for target in targets]) | Q(organisation__in=whole))
    site_days.refresh(sites.values_list("pk", flat=True))
    return verdicts(targets, now)


def _goal(target: Any) -> str:
    return _("%(from)s in %(base)d to %(to)s %(unit)s in %(year)d") % {
        "from": plain(target.base_value),
        "base": target.base_year,
        "to": plain(target.target_value),
        "unit": target.unit,
        "year": target.target_year,
    }


def _row(target: Target, verdict: Verdict | None) -> TargetRow:
    if verdict is None:
        form, word, sentence = "", _("ended"), target.change_reason
    elif verdict.met is None:
        form, word, sentence = "unknown", _("not enough data"), verdict.sentence
    else:
        form, word = ("fine", _("on target")) if verdict.met else ("look", _("above its line"))
        sentence = verdict.sentence
    place = target.factory.name if target.factory else _("The whole organisation")
    url, figure = reverse("target", args=[target.pk]), of_verdict(verdict) if verdict else ""
    return TargetRow(target, url, place, _goal(target), form, word, sentence, figure)


def target_page(target: Target, now: datetime) -> TargetPage:
    verdict = _verdicts([target], now).get(target.pk) if target.ended_at is None else None
    events: Any = target.events.order_by("-pgh_created_at", "-pgh_id")[:50]  # type: ignore[attr-defined]
    history = tuple((event.changed_at, _goal(event), event.change_reason) for event in events)
    return TargetPage(_row(target, verdict), verdict, _path(target, verdict) if verdict else None, history)


def _path(target: Target, verdict: Verdict) -> TargetPathDrawing:
    return draw_target_path(
        years=line(target),
        at_year=year_of_window(verdict.last_day),
        actual=verdict.actual,
        summary=f"{verdict.period}: {verdict.sentence}",
    )
