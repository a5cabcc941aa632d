"""Forms of targets. The rules are in `compliance/services.py`."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.choices import TargetMetric, TargetScope
from compliance.models import Target
from compliance.services import TargetInput
from factories.models import Factory
from lib.forms import ExactNumberField

WHOLE = ""


class TargetForm(forms.Form):
    """The figures of a target; a correction names its reason."""

    metric = forms.ChoiceField(label=gettext_lazy("What it limits"), choices=TargetMetric.choices, initial="intensity")
    scope = forms.ChoiceField(label=gettext_lazy("Scopes"), choices=TargetScope.choices)
    base_year = forms.IntegerField(label=gettext_lazy("Base year"), min_value=1990, max_value=2099)
    base_value = ExactNumberField(
        label=gettext_lazy("Figure of the base year"),
        decimals=6,
        help_text=gettext_lazy("t CO2e a year, or kg CO2e per kg made (of a mine per t of coal)"),
    )
    target_year = forms.IntegerField(label=gettext_lazy("Target year"), min_value=1991, max_value=2100)
    target_value = ExactNumberField(label=gettext_lazy("Figure of the target year"), decimals=6)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)

    def to_input(self) -> TargetInput:
        return TargetInput(**{name: self.cleaned_data[name] for name in TargetForm.base_fields})


class NewTargetForm(TargetForm):
    place = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    field_order = ("place",)

    def __init__(self, *args: Any, factories: list[Factory], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = [(WHOLE, _("The whole organisation")), *((str(one.pk), one.name) for one in factories)]


class ChangeTargetForm(TargetForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, help_text=gettext_lazy("It is kept in the history.")
    )

    def __init__(self, data: Any = None, *, target: Target) -> None:
        super().__init__(data, initial={name: getattr(target, name) for name in TargetForm.base_fields})


class EndTargetForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why it ends"), max_length=300)
