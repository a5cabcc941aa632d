"""Questions that a sheet leaves open, and the error that asks them: each with its possible readings side by side.

A reader calls `ask` with the parameter that would decide. `refuse` ends the import at the first question, `Asker`
collects all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from lib.errors import ApiError, field_error
from logbook.notices import Notice, shown


class SheetError(ValueError):
    """The file as a whole cannot be read; `field` names the argument at fault where there is one."""

    def __init__(self, message: str, field: str = "file") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class SheetQuestion:
    """`choices` are the values that `parameter` may get; the first one is the likelier."""

    parameter: str
    code: str
    message: str
    choices: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)


Ask = Callable[[SheetQuestion], Any]


def refuse(question: SheetQuestion) -> Any:
    """Raise SheetError for a question."""
    raise SheetError(question.message, question.parameter)


class Asker:
    """Collects questions. It goes on with the first choice, so that one answer names all of them."""

    def __init__(self) -> None:
        self.questions: dict[str, SheetQuestion] = {}

    def __call__(self, question: SheetQuestion) -> Any:
        return self.questions.setdefault(question.parameter, question).choices[0]


class UndecidedError(ApiError):
    """400: the sheet can be read in more than one way. `fields` holds a problem for each parameter that decides, with
    its choices and how each one would be stored."""

    def __init__(
        self, questions: Sequence[tuple[SheetQuestion, list[dict[str, Any]]]], notices: Sequence[Notice]
    ) -> None:
        super().__init__(
            400,
            "undecided",
            _("The sheet can be read in more than one way and nothing was stored: answer the named questions."),
            fields={
                question.parameter: [
                    field_error(
                        question.code,
                        " ".join([question.message, *(_side(question.parameter, reading) for reading in readings)]),
                        choices=[str(choice) for choice in question.choices],
                        readings=readings,
                        **question.params,
                    )
                ]
                for question, readings in questions
            },
        )
        asked = [
            {"code": question.code, "params": question.params, "message": question.message}
            for question, _readings in questions
        ]
        self.warnings = [*asked, *shown(notice.stored() for notice in notices)]


def _side(parameter: str, reading: dict[str, Any]) -> str:
    first = next((row for row in reading["rows"] if "amount" in row), None)
    if first is None:
        return _("%(parameter)s=%(choice)s: no row of these can be stored.") % {
            "parameter": parameter,
            "choice": reading["choice"],
        }
    return _(
        "%(parameter)s=%(choice)s stores row %(row)s as %(amount)s %(unit)s from %(period_start)s to %(period_end)s, "
        "and %(count)d rows in all."
    ) % {"parameter": parameter, "choice": reading["choice"], "count": reading["count"], **first}
