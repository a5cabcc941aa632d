"""Forms of the pages about notices. The rules are in `alerts/notice_services.py`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alerts.channel_kinds import ServiceRow
from alerts.choices import Severity
from alerts.notice_models import BOTH_ENDS, NoticeSettings, RosterShift
from alerts.notice_services import possible_people
from factories.models import Factory

DAY_NAMES = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
_PLACES = (_("First"), _("Then"), _("Then"), _("Then"))


def _time_field(label: Any, **options: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **options)


class ServiceForm(forms.Form):
    """The fields that a kind of channel or gateway asks for. With `keeps`, secrets may stay empty."""

    def __init__(self, *args: Any, row: ServiceRow, keeps: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = [one.name for one in row.fields]
        own = dict(self.fields)
        self.fields.clear()
        for one in row.fields:
            is_kept = keeps and one.is_secret
            self.fields[one.name] = forms.CharField(
                label=one.label,
                help_text=_("Empty: it stays as it is.") if is_kept else one.help,
                max_length=2000,
                required=one.is_required and not is_kept,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
        self.fields |= own

    def given(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.asked}


def severity_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Use it for"),
        choices=[
            (Severity.INFO.value, _("every alarm")),
            (Severity.WARNING.value, _("warnings and critical alarms")),
            (Severity.CRITICAL.value, _("critical alarms only")),
        ],
        help_text=_("An SMS for what is critical, a chat for everything, for example."),
    )


class ChannelForm(ServiceForm):
    least_severity = severity_field()


class SettingsForm(forms.ModelForm):
    quiet_from = _time_field(_("Quiet from"), required=False, error_messages={"required": BOTH_ENDS})
    quiet_to = _time_field(_("Quiet to"), required=False, error_messages={"required": BOTH_ENDS})

    class Meta:
        model = NoticeSettings
        fields = ("quiet_from", "quiet_to", "hears_all", "wants_brief")
        labels = {
            "hears_all": _("Tell me of every alarm of my sites, not only when I am on duty"),
            "wants_brief": _("Send me the morning brief at 06:00: yesterday against 30 days, and one thing to do"),
        }


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class GatewayForm(ServiceForm):
    cost_per_message = forms.DecimalField(label=_("Cost of a message"), min_value=0, max_digits=10, decimal_places=4)
    monthly_cap = forms.DecimalField(
        label=_("Cap a month"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        help_text=_("Above it nothing is sent, and the page says how many were not. Empty: no cap."),
    )


class ShiftForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=DAY_NAMES, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    begins = _time_field(_("Begins"))
    ends = _time_field(_("Ends"))

    class Meta:
        model = RosterShift
        fields = ("name", "factory", "weekdays", "begins", "ends", "escalate_after_min")
        labels = {
            "name": pgettext_lazy("shift", "Name"),
            "factory": _("Site"),
            "escalate_after_min": _("Next person after (minutes)"),
        }

    def __init__(self, data: Any, instance: RosterShift) -> None:
        initial = {f"person_{number}": pk for number, pk in enumerate(instance.people, 1)}
        super().__init__(data, instance=instance, initial=initial)
        sites: Any = self.fields["factory"]
        sites.queryset = Factory.objects.in_use().filter(organisation=instance.organisation_id)
        sites.empty_label = _("All sites without a roster of their own")
        people = possible_people(instance.organisation_id)
        for place, label in enumerate(_PLACES, 1):
            self.fields[f"person_{place}"] = forms.ModelChoiceField(
                people, label=label, required=place == 1, empty_label="-"
            )

    def people(self) -> list[int]:
        chosen = [self.cleaned_data.get(f"person_{place}") for place in range(1, len(_PLACES) + 1)]
        return [person.pk for person in chosen if person is not None]
