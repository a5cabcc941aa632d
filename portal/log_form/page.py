"""The log form as its templates show it."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from accounts.permissions import may
from accounts.roles import Action
from factories.days import day_just_ended, running_day
from factories.models import Factory
from portal.log_form.form import LogForm, LogRow
from portal.log_form.rows import RowSpec, facts_of, rows_of


@dataclass(frozen=True, slots=True)
class LogPage:
    factory_name: str
    action_url: str
    cancel_url: str
    draft_key: str
    save_id: str
    day: str
    hours_label: str
    latest_day: str
    is_running: bool
    currency: str
    rows: tuple[LogRow, ...]
    errors: tuple[str, ...]
    kept_answers: tuple[str, ...]
    is_refused: bool

    @property
    def has_rare(self) -> bool:
        return any(row.spec.is_rare for row in self.rows)

    @property
    def is_rare_open(self) -> bool:
        return any(row.is_filled for row in self.rows if row.spec.is_rare)


def writable_rows(user: User, factory: Factory) -> tuple[RowSpec, ...]:
    """The rows that the user may fill in; empty for read-only users."""
    energy = may(user, Action.WRITE_ENERGY, factory)
    made = may(user, Action.WRITE_PRODUCTION, factory)
    return tuple(spec for spec in rows_of(factory) if (energy if spec.is_energy else made))


def log_page(form: LogForm, now: datetime) -> LogPage:
    """A form, empty or sent, as it is shown."""
    factory = form.factory
    specs = [row.spec for row in form.rows]
    facts = facts_of(factory, specs, form.day.day)
    for row in form.rows:
        row.facts = facts[row.name]
    latest = running_day(factory, now)
    return LogPage(
        factory_name=factory.name,
        action_url=reverse("log", args=[factory.pk]),
        cancel_url=reverse("today", args=[factory.pk]),
        draft_key=f"log-{factory.pk}",
        save_id=str(form.save_id),
        day=form.day.day.isoformat(),
        hours_label=form.day.hours_label,
        latest_day=latest.day.isoformat(),
        is_running=form.day.day > day_just_ended(factory, now).day,
        currency=form.currency,
        rows=tuple(form.rows),
        errors=tuple(form.errors),
        kept_answers=tuple(sorted(_kept(form))),
        is_refused=form.is_refused,
    )


def _kept(form: LogForm) -> list[str]:
    """Answers that are still valid for the values in their rows. "Change" is not kept, so its question is asked
    again."""
    return [
        answer
        for answer in form.answers
        for row in form.rows
        if answer.startswith(f"{row.name}:") and answer.endswith(f":{row.typed}") and ":change:" not in answer
    ]
