"""The form field for a number that a person types. How the text is read is in `numbers.py`."""

from decimal import Decimal
from math import inf
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from lib.decimals import plain
from lib.numbers import NumberError, outside_words, parse_number


class NumberField(forms.FloatField):
    """A number with at most `decimals` decimals from `low` to `high`; a refusal names the value and the limit.

    Not localised, neither by Django nor by the browser: both would read `1,960` as 1.96 where a comma is the decimal
    mark. A value that the page showed and that comes back unchanged keeps its stored digits. A Decimal, of a
    workbook's cell, was a number before and is not read again.
    """

    widget = forms.TextInput
    kept: type[float] | type[Decimal] | type[int] = float

    def __init__(self, *, decimals: int, unit: str = "", low: float = -inf, high: float = inf, **options: Any) -> None:
        super().__init__(**options)
        self.decimals, self.low, self.high, self.unit = decimals, low, high, unit
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            number = value if isinstance(value, Decimal) else parse_number(value, decimals=self.decimals)
        except NumberError as error:
            raise ValidationError(str(error), code=error.code) from None
        self._require_decimals(str(value).strip(), -int(number.normalize().as_tuple().exponent))
        return self.kept(number)

    def _require_decimals(self, text: str, count: int) -> None:
        if count <= self.decimals:
            return
        words = _("%(value)s has more than %(limit)d decimals; round it.")
        if not self.decimals:
            words = _("%(value)s has decimals; write a whole number, like 1960.")
        shown = {"value": f"{text} {self.unit}".strip(), "limit": self.decimals}
        raise ValidationError(words % shown, code="decimals")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not self.low <= value <= self.high:
            words = outside_words(value, low=self.low, high=self.high, unit=self.unit)
            raise ValidationError(words, code="out_of_range")

    def prepare_value(self, value: Any) -> Any:
        number = Decimal(repr(value)) if isinstance(value, float) else value
        return plain(number) if isinstance(number, Decimal) else value

    def _clean_bound_field(self, bf: Any) -> Any:
        # This hook, which Django's FileField uses, gives the initial value of the page.
        is_unchanged = bf.initial is not None and bf.data == str(self.prepare_value(bf.initial))
        return bf.initial if is_unchanged else super()._clean_bound_field(bf)  # type: ignore[misc]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(data or "") != str(self.prepare_value(initial) if initial is not None else "")


class ExactNumberField(NumberField):
    """The same for what is kept as a Decimal."""

    kept = Decimal


class WholeNumberField(NumberField):
    kept = int

    def __init__(self, **options: Any) -> None:
        super().__init__(decimals=0, **options)
