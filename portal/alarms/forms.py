"""Forms of the pages of alarms: the filters of the list, what one does about an alarm, and a rule."""

from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import with_memberships
from alerts.api import NOT_CLOSED
from alerts.choices import AlertKind, AlertState, Cause, LimitBasis, Severity
from alerts.kinds import KindRow
from alerts.models import Alert, AlertRule
from alerts.rules import FIELDS
from alerts.services import LONGEST_TEXT, may_act
from factories.models import Factory
from lib.forms import NumberField

_ALL = [("", _("all"))]
# At most two, so that 165,000 is read as it is meant.
_DECIMALS = {"ppm": 0, "celsius": 1, "m_per_s": 2, "percent": 0, "h": 1, "d": 0, "": 2}
SNOOZES = {"1": _("one hour"), "4": _("four hours"), "12": _("twelve hours"), "24": _("a day"), "168": _("a week")}


class AlarmFilters(forms.Form):
    """Everything is in the URL. A wrong choice filters nothing and says so at its field."""

    factory = forms.ModelChoiceField(Factory.objects.none(), label=_("Where"), required=False, empty_label=_("all"))
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[(NOT_CLOSED, _("not closed")), ("all", _("all")), *AlertState.choices],
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False, choices=[*_ALL, *Severity.choices])
    kind = forms.ChoiceField(label=_("What"), required=False, choices=[*_ALL, *AlertKind.choices])

    def __init__(self, data: QueryDict, factories: QuerySet[Factory]) -> None:
        super().__init__(data)
        field: Any = self.fields["factory"]
        field.queryset = factories.order_by("name", "pk")

    def chosen(self, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
        self.is_valid()
        data = self.cleaned_data
        state = data.get("state") or NOT_CLOSED
        if state == NOT_CLOSED:
            alerts = alerts.filter(closed_at=None)
        elif state != "all":
            alerts = alerts.filter(state=state)
        return alerts.filter(**{name: data[name] for name in ("factory", "severity", "kind") if data.get(name)})


class ActForm(forms.Form):
    """What one does about an alarm; the button says which act."""

    cause = forms.ChoiceField(label=_("Cause"), required=False, choices=[("", _("not known yet")), *Cause.choices])
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 2})
    )
    to = forms.ModelChoiceField(User.objects.none(), label=_("Give it to"), required=False, empty_label=_("myself"))
    hours = forms.ChoiceField(label=_("Put it off for"), required=False, choices=list(SNOOZES.items()))

    def __init__(self, data: Any, alert: Alert) -> None:
        super().__init__(data)
        there = Q(memberships__factory=alert.factory) | Q(memberships__factory=None)
        near = User.objects.filter(there, memberships__organisation=alert.organisation_id, is_active=True)
        people = [user for user in near.distinct().prefetch_related(with_memberships()) if may_act(user, alert)]
        field: Any = self.fields["to"]
        chosen = User.objects.filter(pk__in=[user.pk for user in people])
        field.queryset = chosen.order_by("first_name", "last_name", "pk")

    @property
    def until(self) -> Any:
        return timezone.now() + timedelta(hours=int(self.cleaned_data.get("hours") or "1"))


class RuleForm(forms.Form):
    """A rule of one kind. The duration is in minutes, or in days where days are counted."""

    is_enabled = forms.BooleanField(label=_("In use"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices)
    from_hour = forms.TypedChoiceField(label=_("From (hour)"), required=False, coerce=int, empty_value=None)
    to_hour = forms.TypedChoiceField(label=_("To (hour)"), required=False, coerce=int, empty_value=None)

    field_order = ("is_enabled", "limit", "hysteresis", "duration", "severity", "from_hour", "to_hour")

    def __init__(self, data: Any, rule: AlertRule, row: KindRow) -> None:
        self.rule = rule
        self.per_s, unit = row.counted_in
        initial = {name: getattr(rule, name) for name in FIELDS} | {"duration": rule.duration_s / self.per_s}
        super().__init__(data, initial=initial)
        hours = [("", _("all day")), *((hour, f"{hour:02}:00") for hour in range(24))]
        for name in ("from_hour", "to_hour"):
            field: Any = self.fields[name]
            field.choices = hours
        low, high = row.bounds
        number = partial(NumberField, unit=row.unit, decimals=_DECIMALS[row.unit])
        if row.limit is not None:
            self.fields["limit"] = number(label=_("Limit"), low=low, high=high)
        if row.quantity is not None:
            words = _("It is over when the value was back by this much, for as long as it must last to begin.")
            self.fields["hysteresis"] = number(label=_("Back by"), low=0, high=high - low, help_text=words)
        label, longest = _("For (days)") if unit == "d" else _("For (minutes)"), row.longest_s / self.per_s
        self.fields["duration"] = NumberField(label=label, decimals=1, unit=unit, low=0, high=longest)
        self.order_fields(self.field_order)

    def values(self) -> dict[str, Any]:
        """What a rule is set to. A limit that was typed is a stated one."""
        data = dict(self.cleaned_data)
        data["duration_s"] = round(data.pop("duration") * self.per_s)
        if "limit" in data and data["limit"] != self.rule.limit:
            data["limit_basis"] = LimitBasis.FIXED
        return data


class RulesFileForm(forms.Form):
    file = forms.FileField(label=_("File of rules"))


class CopyForm(forms.Form):
    targets = forms.ModelMultipleChoiceField(Factory.objects.none(), label=_("To these sites"))

    def __init__(self, data: Any, others: QuerySet[Factory]) -> None:
        super().__init__(data)
        field: Any = self.fields["targets"]
        field.queryset = others
