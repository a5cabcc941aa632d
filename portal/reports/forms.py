"""Forms of reports. The rules are in `compliance/reports/`; entered values are fields of the scheme."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance.models import BatchAct, ReportRecipient
from compliance.reports import life
from compliance.reports.entered import EnteredValueError, normal
from compliance.schemes import EnteredField, EnteredKind, Scheme, schemes
from factories.models import Factory
from portal.reports.page import scheme_titles

WHOLE = ""


def _days() -> dict[str, Any]:
    return {"widget": forms.DateInput(attrs={"type": "date"})}


class PeriodForm(forms.Form):
    """A scheme and a period. Left empty it is the last one that is over."""

    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"))
    period_start = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        help_text=gettext_lazy("Empty: the last period of the scheme that is over."),
        **_days(),
    )
    period_end = forms.DateField(label=gettext_lazy("Last day"), required=False, **_days())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scheme: Any = self.fields["scheme"]
        scheme.choices = scheme_titles()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = given.get("period_start"), given.get("period_end")
        if bool(first) != bool(last) and not self.errors:
            self.add_error("period_end" if first else "period_start", _("Give both days, or none."))
        elif first and last and last < first:
            self.add_error("period_end", _("The last day is before the first."))
        return given

    def period(self, today: date) -> tuple[date, date]:
        given = self.cleaned_data
        if given["period_start"]:
            return given["period_start"], given["period_end"]
        first, end = schemes()[given["scheme"]].period.last_over(today)
        return first, end - timedelta(days=1)


class NewReportForm(PeriodForm):
    place = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    field_order = ("scheme", "place", "period_start", "period_end")

    def __init__(self, *args: Any, factories: list[Factory], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = [(WHOLE, _("The whole organisation")), *((str(one.pk), one.name) for one in factories)]


class BatchForm(PeriodForm):
    act = forms.ChoiceField(label=gettext_lazy("What to do"), choices=BatchAct.choices)
    name = forms.CharField(label=gettext_lazy("Your name, to sign"), max_length=120, required=False)
    role = forms.CharField(label=gettext_lazy("Your role, to sign"), max_length=120, required=False)
    field_order = ("act", "scheme", "period_start", "period_end", "name", "role")


class SignForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    role = forms.CharField(label=gettext_lazy("Role"), max_length=120)
    declares = forms.BooleanField()
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["declares"].label = life.declaration()


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)


class RecipientForm(forms.ModelForm):
    scheme = forms.ChoiceField(label=gettext_lazy("Scheme"), required=False)

    class Meta:
        model = ReportRecipient
        fields = ("email", "scheme", "day_of_month", "attaches_pdf")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scheme: Any = self.fields["scheme"]
        scheme.choices = [("", _("all")), *scheme_titles()]


class EnteredForm(forms.Form):
    """The entered fields of a scheme, with the last report's values as proposals in blank ones."""

    def __init__(
        self, data: Any = None, *, scheme: Scheme, values: Mapping[str, str], proposals: Mapping[str, str]
    ) -> None:
        super().__init__(data, initial={**proposals, **values})
        for entered in scheme.entered:
            self.fields[entered.code] = _form_field(entered, is_proposed=entered.code in proposals)


def _form_field(entered: EnteredField, *, is_proposed: bool) -> forms.Field:
    words = [str(entered.help)] if entered.help else []
    if is_proposed:
        words.append(_("from the last report: save it to keep it"))
    label = f"{entered.label} ({entered.unit})" if entered.unit else str(entered.label)
    shown: dict[str, Any] = {"label": label, "required": False, "help_text": "; ".join(words)}
    if entered.kind == EnteredKind.CHOICE:
        return forms.ChoiceField(choices=[("", "-"), *entered.choices], **shown)
    widget = forms.DateInput(attrs={"type": "date"}) if entered.kind == EnteredKind.DATE else forms.TextInput()
    if entered.kind == EnteredKind.NUMBER:
        widget.attrs["inputmode"] = "decimal"
    return forms.CharField(widget=widget, validators=[_validator(entered)], **shown)


def _validator(entered: EnteredField) -> Any:
    def check(typed: str) -> None:
        try:
            normal(entered, typed)
        except EnteredValueError as error:
            raise forms.ValidationError(str(error), code=error.code) from None

    return check
