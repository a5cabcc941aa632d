"""Reads the typed log form: amounts, dates, switches, and answers to questions.

Errors are shown beside their field and keep the typed text. Storing is in `portal/log/saving.py`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _

from energy.choices import EntryKind
from factories.days import FactoryDay, day_just_ended, factory_day, running_day
from factories.models import Factory
from lib.numbers import NumberError
from logbook.periods import LONGEST
from portal.amounts import DECIMALS_OF_COLUMN, read_amount
from portal.log_form.rows import BILL, RowFacts, RowSpec

EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a person answers before a row is stored. Each option is (answer, words)."""

    row: str
    code: str
    sentence: str
    detail: str
    options: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class LogRow:
    """One row as it was typed, with its errors. `amount` is None without a usable number."""

    spec: RowSpec
    text: str = ""
    unit: str = ""
    kind: str = EntryKind.USED.value
    is_nothing: bool = False
    bill_from: str = ""
    bill_to: str = ""
    moisture: str = ""
    cost: str = ""
    amount: Decimal | None = None
    cost_amount: Decimal | None = None
    moisture_fraction: Decimal | None = None
    period: tuple[datetime, datetime] | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    question: Question | None = None
    facts: RowFacts = field(default_factory=RowFacts)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def is_filled(self) -> bool:
        return self.is_nothing or bool(self.text)

    @property
    def typed(self) -> str:
        """A digest of the row's values. An answer is valid only for it: for another number the question is asked
        again."""
        return f"{self.text or 0} {self.unit} {self.kind}"

    @property
    def is_bill(self) -> bool:
        return BILL in dict(self.spec.kinds)

    @property
    def is_more_open(self) -> bool:
        return bool(self.moisture or self.cost or {"moisture", "cost"} & set(self.errors))

    @property
    def chosen_unit(self) -> str:
        """The tapped unit, or that of the last entry, or the usual one."""
        by_name = {chip.value.lower(): chip.value for chip in self.facts.chips}
        wanted = self.unit or (self.facts.last.unit if self.facts.last else "")
        return by_name.get(wanted.lower(), self.facts.chips[0].value)

    @property
    def answers(self) -> list[tuple[str, str, bool]]:
        """Buttons under the question: value, label, whether it is plain. The value contains the digest of the row."""
        if self.question is None:
            return []
        prefix = f"{self.name}:{self.question.code}"
        return [
            (f"{prefix}:{option}:{self.typed}", label, option == "change") for option, label in self.question.options
        ]

    def refuse(self, field_name: str, message: str) -> None:
        self.errors.setdefault(field_name, []).append(message)


@dataclass(slots=True)
class LogForm:
    """A whole form. `save_id` is made when the form opens, so a double tap or a retry has the same id."""

    factory: Factory
    day: FactoryDay
    save_id: uuid.UUID
    rows: list[LogRow]
    answers: frozenset[str] = frozenset()
    currency: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return bool(self.errors) or any(row.errors for row in self.rows)

    @property
    def questions(self) -> list[Question]:
        return [row.question for row in self.rows if row.question is not None]

    def answered(self, row: LogRow, code: str) -> str:
        """The option of a question that was tapped, if the row is unchanged since."""
        prefix, suffix = f"{row.name}:{code}:", f":{row.typed}"
        for answer in self.answers:
            if answer.startswith(prefix) and answer.endswith(suffix):
                return answer[len(prefix) : -len(suffix)]
        return ""

    def client_id(self, row: LogRow) -> uuid.UUID:
        return client_id(self.save_id, row.name)


def client_id(save_id: uuid.UUID, row_name: str) -> uuid.UUID:
    """The key of one row of a save, the same each time the form is sent."""
    return uuid.uuid5(save_id, row_name)


def open_form(factory: Factory, specs: Sequence[RowSpec], now: datetime, *, day_text: str = "") -> LogForm:
    """An empty form for the factory day just ended, or for the day that a link names."""
    day, _error = _read_day(factory, day_text, now)
    return LogForm(
        factory=factory,
        day=day,
        save_id=uuid.uuid4(),
        rows=[LogRow(spec=spec) for spec in specs],
        currency=factory.currency,
    )


def read_form(factory: Factory, specs: Sequence[RowSpec], typed: QueryDict, now: datetime) -> LogForm:
    """The form as it was sent; `is_refused` when something is wrong in it."""
    day, error = _read_day(factory, _text(typed, "day"), now)
    form = LogForm(
        factory=factory,
        day=day,
        save_id=_save_id(_text(typed, "save_id")),
        rows=[_read_row(factory, spec, typed, now) for spec in specs],
        answers=frozenset(typed.getlist("answer")),
        currency=factory.currency,
    )
    if error:
        form.errors.append(error)
    if not any(row.is_filled for row in form.rows):
        form.errors.append(_("Nothing is filled in. Enter at least one amount, or tap that there was none."))
    return form


def _text(typed: QueryDict, name: str) -> str:
    return " ".join((typed.get(name, "") or "").replace("\x00", "").split())[:60]


def _save_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()  # a form without an id is saved too; only its retries cannot be recognised


def _read_day(factory: Factory, text: str, now: datetime) -> tuple[FactoryDay, str]:
    usual = day_just_ended(factory, now)
    if not text:
        return usual, ""
    day = _date(text)
    latest = running_day(factory, now).day
    if day is None:
        return usual, not_a_date(text)
    if not EARLIEST <= day <= latest:
        return usual, _("%(value)s is outside %(first)s to %(last)s; log a day only after it has begun.") % {
            "value": text,
            "first": EARLIEST.isoformat(),
            "last": latest.isoformat(),
        }
    return factory_day(factory, day), ""


def not_a_date(text: str) -> str:
    return _("%(value)s is not a date; write it like 2026-11-21.") % {"value": text}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_row(factory: Factory, spec: RowSpec, typed: QueryDict, now: datetime) -> LogRow:
    row = LogRow(
        spec=spec,
        text=_text(typed, f"{spec.name}-amount"),
        unit=_text(typed, f"{spec.name}-unit")[:40] or spec.units[0],
        kind=_text(typed, f"{spec.name}-kind"),
        is_nothing=bool(spec.nothing) and bool(_text(typed, f"{spec.name}-nothing")),
        bill_from=_text(typed, f"{spec.name}-from"),
        bill_to=_text(typed, f"{spec.name}-to"),
        moisture=_text(typed, f"{spec.name}-moisture"),
        cost=_text(typed, f"{spec.name}-cost"),
    )
    known_kinds = [kind for kind, _label in spec.kinds]
    if row.kind not in known_kinds:
        row.kind = known_kinds[0] if known_kinds else EntryKind.USED.value
    _read_amounts(row)
    if row.is_filled and row.kind == BILL:
        _read_bill(factory, row, now)
    return row


def _read_amounts(row: LogRow) -> None:
    if row.text:
        row.amount = _amount(row, "amount", row.text, row.unit)
    if row.is_nothing:
        if row.amount:
            words = _("%(label)s has %(value)s %(unit)s and is also marked as none; clear one of them.")
            row.refuse("amount", words % {"label": row.spec.label, "value": row.text, "unit": row.unit})
        row.amount, row.kind = Decimal(0), EntryKind.USED.value
        return
    if not row.text and (row.cost or row.moisture):
        row.refuse(
            "amount",
            _("%(label)s has a cost or a moisture but no amount; enter the amount.") % {"label": row.spec.label},
        )
    if row.cost:
        row.cost_amount = _amount(row, "cost", row.cost, "", most_decimals=2)
    if row.moisture:
        percent = _amount(row, "moisture", row.moisture, "%", most_decimals=1)
        if percent and percent < 1:
            words = _("%(value)s %% moisture is drier than any wood; write 30 for 30 %%.")
            row.refuse("moisture", words % {"value": row.moisture})
        row.moisture_fraction = None if percent is None else percent / 100


def _amount(row: LogRow, name: str, text: str, unit: str, most_decimals: int = DECIMALS_OF_COLUMN) -> Decimal | None:
    try:
        return read_amount(text, unit, most_decimals=most_decimals)
    except NumberError as error:
        row.refuse(name, str(error))
        return None


def _read_bill(factory: Factory, row: LogRow, now: datetime) -> None:
    """The days of a bill, both included, as one period."""
    first, last = _date(row.bill_from), _date(row.bill_to)
    for name, text, day in (("from", row.bill_from, first), ("to", row.bill_to, last)):
        if day is None:
            refusal = not_a_date(text) if text else _("Enter the day as it is on the bill.")
            row.refuse(name, refusal)
    if first is None or last is None:
        return
    if not EARLIEST <= first <= last <= running_day(factory, now).day:
        words = _("%(first)s to %(last)s is not a period up to today; check both days.")
        row.refuse("to", words % {"first": row.bill_from, "last": row.bill_to})
    elif (last - first).days >= LONGEST.days:
        words = _("The bill has %(days)d days, more than %(limit)d; split it.")
        row.refuse("to", words % {"days": (last - first).days + 1, "limit": LONGEST.days})
    else:
        row.period = (factory_day(factory, first).starts_at, factory_day(factory, last + timedelta(days=1)).starts_at)
