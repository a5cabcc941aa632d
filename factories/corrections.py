"""Forms that can change figures of the past: they show what was measured first, and store once that is confirmed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Min, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ALWAYS = datetime(1990, 1, 1, tzinfo=UTC)


class CorrectionForm(forms.ModelForm):
    """`decides`: the fields that decide figures of the past; a change needs the tick where hours are measured."""

    corrects_past = forms.BooleanField(
        label=gettext_lazy("correct the past"),
        required=False,
        help_text=gettext_lazy(
            "Needed where measured figures change. If something was rebuilt on site, do not correct the past: end the "
            "assignment of the device, and begin another from that hour, on a new chimney if its dimensions changed."
        ),
    )
    decides: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        changed = {name for name in self.decides if name in self.changed_data}
        if changed and not self.errors and not data.get("corrects_past"):
            self._ask(changed, data)
        return data

    def _ask(self, changed: set[str], data: dict[str, Any]) -> None:
        begins = [
            one if isinstance(one, datetime) else datetime.combine(one, time(), UTC)
            for one in self.begins(changed, data)
        ]
        if not begins:
            return
        hours = self.assignments(data).filter(hours__period_start__gte=min(begins))
        found = hours.aggregate(first=Min("hours__period_start"), measured_ug=Sum("hours__measured_ug"))
        if found["first"] is None:
            return
        kg, times = (found["measured_ug"] or 0) / 1e9, self.times(changed, data)
        shown = {"kg": f"{kg:,.0f}", "day": f"{found['first']:%Y-%m-%d}", "new_kg": f"{kg * (times or 0):,.0f}"}
        again = _("This reaches into the past: %(kg)s kg of CO2 measured since %(day)s are computed again.")
        become = _("This reaches into the past: %(kg)s kg of CO2 measured since %(day)s become %(new_kg)s kg.")
        remedy = _("If that is right, tick “correct the past”.")
        words = f"{(again if times is None else become) % shown} {remedy}"
        raise ValidationError(words, code="reaches_into_past")

    def assignments(self, data: dict[str, Any]) -> QuerySet[Any]:
        """Those whose hours may be computed again."""
        raise NotImplementedError

    def begins(self, changed: set[str], data: dict[str, Any]) -> Iterable[date | datetime]:
        """The days or moments from which figures change; none for a change that reaches no figure."""
        return [ALWAYS] if self.instance.pk else []

    def times(self, changed: set[str], data: dict[str, Any]) -> float | None:
        """By which masses are multiplied, where that is known before they are computed."""
        return None
