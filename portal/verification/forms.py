"""Forms of the auditor's room, of links and of disputes. The rules are in `compliance/verification/`."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from compliance.models import DisputeOutcome, DisputeSubject, Opinion
from compliance.verification.links import LONGEST_DAYS
from compliance.verification.room import LARGEST_SAMPLE
from factories.models import Factory


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), **options)


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **options)


class BeginForm(forms.Form):
    pass


class MaterialityForm(forms.Form):
    percent = forms.DecimalField(
        label=gettext_lazy("Materiality (% of scope 1 and 2)"),
        min_value=Decimal("0.1"),
        max_value=Decimal(20),
        decimal_places=1,
        initial=5,
    )


class DrawForm(forms.Form):
    size = forms.IntegerField(
        label=gettext_lazy("Records of each kind"), min_value=1, max_value=LARGEST_SAMPLE, initial=25
    )
    seed = forms.CharField(
        label=gettext_lazy("Seed"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Any text. The same seed draws the same records. Empty: a random one."),
    )


class FindingForm(forms.Form):
    text = _text(gettext_lazy("Finding"))
    figure = forms.CharField(
        label=gettext_lazy("Figure"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy('Its name on "Why this number". Empty: the report as a whole.'),
    )
    effect_kg = forms.DecimalField(
        label=gettext_lazy("Effect (kg CO2e)"), max_digits=20, decimal_places=6, required=False
    )


class AnswerForm(forms.Form):
    text = _text(gettext_lazy("Answer"))


class OpinionForm(forms.Form):
    opinion = forms.ChoiceField(label=gettext_lazy("Opinion"), choices=Opinion.choices)
    text = _text(gettext_lazy("What it rests on"))
    body = forms.CharField(label=gettext_lazy("Body and accreditation number"), max_length=200, required=False)


class LinkForm(forms.Form):
    label = forms.CharField(label=gettext_lazy("For whom"), max_length=120)
    days = forms.IntegerField(label=gettext_lazy("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, initial=90)


class DisputeForm(forms.Form):
    factory = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Factory.objects.none())
    subject = forms.ChoiceField(label=gettext_lazy("About"), choices=DisputeSubject.choices)
    device = forms.CharField(
        label=gettext_lazy("Device"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Its id, where readings are contested."),
    )
    period_start = _moment(gettext_lazy("From"), help_text=gettext_lazy("Both times are of the site's clock."))
    period_end = _moment(gettext_lazy("To"))
    statement = _text(gettext_lazy("What is wrong, and how do you know?"))

    def clean(self) -> dict[str, Any]:
        """The site is chosen in the form, so its clock is known only here."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if site := given.get("factory"):
            moments = [name for name in ("period_start", "period_end") if given.get(name)]
            given |= {name: given[name].replace(tzinfo=site.zone) for name in moments}
        return given


class DecisionForm(forms.Form):
    outcome = forms.ChoiceField(label=gettext_lazy("Decision"), choices=DisputeOutcome.choices)
    decision = _text(gettext_lazy("Why"))
