"""The log form as its templates take it: rows with their chips, ghosts, errors and questions, display-ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import may
from accounts.roles import Action
from energy.choices import EntryKind
from factories.days import day_just_ended, running_day
from factories.models import Factory
from portal.log_form.form import LogForm, LogRow, Question
from portal.log_form.rows import BILL, RowFacts, RowSpec, UnitChip, facts_of, rows_of


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A button under a question; its value says to which words of the row it belongs."""

    value: str
    label: str
    is_plain: bool


@dataclass(frozen=True, slots=True)
class LogRowView:
    name: str
    label: str
    amount: str
    ghost: str
    ghost_words: str
    chips: tuple[UnitChip, ...]
    chosen_unit: str
    nothing_label: str
    is_nothing: bool
    kinds: tuple[Option, ...]
    is_bill: bool
    bill_from: str
    bill_to: str
    last_meter: str
    is_wood: bool
    moisture: str
    has_cost: bool
    cost: str
    is_more_open: bool
    errors: dict[str, list[str]]
    question: Question | None
    answers: tuple[Answer, ...]

    @property
    def amount_errors(self) -> list[str]:
        return self.errors.get("amount", [])


@dataclass(frozen=True, slots=True)
class LogPage:
    factory_name: str
    action_url: str
    cancel_url: str
    draft_key: str
    save_id: str
    day: str
    day_label: str
    hours_label: str
    latest_day: str
    is_running: bool
    currency: str
    rows: tuple[LogRowView, ...]
    errors: tuple[str, ...]
    kept_answers: tuple[str, ...]
    is_refused: bool
    has_question: bool


def writable_rows(user: User, factory: Factory) -> tuple[RowSpec, ...]:
    """The rows that the user may fill in; empty for who only reads."""
    energy = may(user, Action.WRITE_ENERGY, factory)
    made = may(user, Action.WRITE_PRODUCTION, factory)
    return tuple(spec for spec in rows_of(factory) if (energy if spec.is_energy else made))


def log_page(form: LogForm, now: datetime) -> LogPage:
    """A form, empty or sent, as it is shown."""
    factory = form.factory
    specs = [row.spec for row in form.rows]
    facts = facts_of(factory, specs, form.day.day)
    latest = running_day(factory, now)
    return LogPage(
        factory_name=factory.name,
        action_url=reverse("log", args=[factory.pk]),
        cancel_url=reverse("today", args=[factory.pk]),
        draft_key=f"log-{factory.pk}",
        save_id=str(form.save_id),
        day=form.day.day.isoformat(),
        day_label=form.day.label,
        hours_label=form.day.hours_label,
        latest_day=latest.day.isoformat(),
        is_running=form.day.day > day_just_ended(factory, now).day,
        currency=form.currency,
        rows=tuple(_row(row, facts[row.name]) for row in form.rows),
        errors=tuple(form.errors),
        kept_answers=tuple(sorted(_kept(form))),
        is_refused=form.is_refused,
        has_question=bool(form.questions),
    )


def _kept(form: LogForm) -> list[str]:
    """Answers given so far that still fit; one to change is asked anew next time."""
    return [
        answer
        for answer in form.answers
        for row in form.rows
        if answer.startswith(f"{row.name}:") and answer.endswith(f":{row.typed}") and ":change:" not in answer
    ]


def _row(row: LogRow, facts: RowFacts) -> LogRowView:
    spec = row.spec
    kind = row.kind or EntryKind.USED.value
    return LogRowView(
        name=spec.name,
        label=str(spec.label),
        amount=row.text,
        ghost=facts.last.amount if facts.last else "",
        ghost_words=_ghost_words(facts),
        chips=facts.chips,
        chosen_unit=_chosen(row, facts),
        nothing_label=str(spec.nothing or ""),
        is_nothing=row.is_nothing,
        kinds=tuple(Option(value, str(label), value == kind) for value, label in spec.kinds),
        is_bill=BILL in dict(spec.kinds),
        bill_from=row.bill_from,
        bill_to=row.bill_to,
        last_meter=facts.last_meter.amount if facts.last_meter else "",
        is_wood=spec.has_moisture,
        moisture=row.moisture,
        has_cost=spec.is_energy,
        cost=row.cost,
        is_more_open=bool(row.moisture or row.cost or {"moisture", "cost"} & set(row.errors)),
        errors=row.errors,
        question=row.question,
        answers=_answers(row),
    )


def _chosen(row: LogRow, facts: RowFacts) -> str:
    """What was tapped, else what was logged last, else the usual unit."""
    by_name = {chip.value.lower(): chip.value for chip in facts.chips}
    wanted = [row.unit] if row.unit else [facts.last.unit] if facts.last else []
    return next((by_name[unit.lower()] for unit in wanted if unit.lower() in by_name), facts.chips[0].value)


def _ghost_words(facts: RowFacts) -> str:
    if facts.last is None:
        return ""
    labels = {chip.value.lower(): chip.label for chip in facts.chips}
    unit = labels.get(facts.last.unit.lower(), facts.last.unit)
    return _("last time %(amount)s %(unit)s") % {"amount": facts.last.amount, "unit": unit.partition(" = ")[0]}


def _answers(row: LogRow) -> tuple[Answer, ...]:
    question = row.question
    if question is None:
        return ()
    return tuple(
        Answer(f"{row.name}:{question.code}:{option}:{row.typed}", label, option == "change")
        for option, label in question.options
    )
