"""What is worth a second look and yet stored: codes with their words. Kept with the entry as code and params.

Those of energy alone have their words in `energy/notices.py`.
"""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: programs read `code` and `params`, people `words`."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        return {"code": self.code, "params": self.params}


def words(code: str, params: dict[str, Any]) -> str:
    """The sentence of a notice, in the reader's language."""
    texts = {
        "above_usual": _(
            "amount=%(amount)s %(unit)s is above %(limit)s %(unit)s a day, three times the most of the last 28 days; "
            "check the number or the unit."
        ),
        "overlaps": _(
            "Somebody logged %(amount)s %(unit)s of the same for this time already (entry %(entry)s). Delete one of "
            "them if both are the same."
        ),
        "out_turn_outside_band": _(
            "%(ratio)s kg of made tea a kg of green leaf is outside the usual %(low)s to %(high)s; check both amounts, "
            "their units and the times."
        ),
    }
    return texts[code] % params if code in texts else code
