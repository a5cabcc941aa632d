"""Shapes of alarms and their rules in the API. Decimals are strings, values and limits numbers in the unit named."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.models import User
from alerts.choices import Cause, CostBasis
from alerts.kinds import KINDS
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.rules import FIELDS, FILE_VERSION
from alerts.sentences import sentence_of
from alerts.services import LONGEST_TEXT

MOST_RULES = 5_000  # of a file: 300 sites with a rule of each kind
_ID: dict[str, Any] = {"min_value": 1, "max_value": 2**31 - 1}


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    """What happened to an alarm. `by` is empty for what the system did."""

    by = serializers.CharField(allow_null=True)

    class Meta:
        model = AlertEvent
        fields: Any = ("id", "at", "act", "by", "text", "params")
        ref_name = "AlertEvent"


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alarm. The sentence is for people; `kind`, `value`, `limit` and `params` say the same to programs."""

    device = serializers.CharField(source="device.device_id", allow_null=True, default=None)
    unit = serializers.SerializerMethodField(help_text="of value and limit")
    sentence = serializers.SerializerMethodField()
    params = serializers.JSONField(help_text="of the sentence")
    # Empty while it is not known.
    cost_basis = serializers.ChoiceField([("", ""), *CostBasis.choices])
    cause = serializers.ChoiceField([("", ""), *Cause.choices])
    assigned_to = serializers.CharField(allow_null=True)
    acknowledged_by = serializers.CharField(allow_null=True)
    closed_by = serializers.CharField(allow_null=True, help_text="null: by itself")

    class Meta:
        model = Alert
        fields: Any = (
            "id factory kind detail severity state began_at opened_at value limit unit device chimney sentence params "
            "cost_kg_co2 cost_amount cost_currency cost_basis assigned_to acknowledged_by acknowledged_at cause "
            "snoozed_until closed_at closed_by reopened_count"
        ).split()
        read_only_fields = fields
        ref_name = "Alert"

    def to_representation(self, alert: Alert) -> dict[str, Any]:
        row = super().to_representation(alert)
        return row if alert.sees_money else row | {"cost_amount": None, "cost_currency": ""}

    def get_unit(self, alert: Alert) -> str:
        return KINDS[alert.kind].unit

    def get_sentence(self, alert: Alert) -> str:
        return sentence_of(alert)


class AlertDetailSerializer(AlertSerializer):
    """The same with its life."""

    events = AlertEventSerializer(many=True)

    class Meta(AlertSerializer.Meta):
        fields: Any = [*AlertSerializer.Meta.fields, "events"]
        ref_name = "AlertWithEvents"


class CommentedSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)


class AcknowledgeSerializer(CommentedSerializer):
    """`cause`: why it happened, where that is known."""

    cause = serializers.ChoiceField(Cause.choices, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"cause": "wet_wood", "comment": "The new delivery is wet."}}


class CommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT)

    class Meta:
        swagger_schema_fields = {"example": {"text": "The electrician comes at two."}}


class AssignSerializer(CommentedSerializer):
    """`to`: the id of a person who may act on it; without it you yourself."""

    to = serializers.IntegerField(required=False, **_ID)

    class Meta:
        swagger_schema_fields = {"example": {"comment": "I look after it."}}

    def validate_to(self, pk: int) -> User | None:
        return User.objects.filter(pk=pk, is_active=True).first()


class SnoozeSerializer(CommentedSerializer):
    hours = serializers.FloatField(min_value=0.1, max_value=14 * 24, help_text="from now; at most 14 days")

    class Meta:
        swagger_schema_fields = {"example": {"hours": 12, "comment": "Repaired tomorrow."}}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"until": timezone.now() + timedelta(hours=given.pop("hours"))} | given


# --- Rules ----------------------------------------------------------------------------------------
class RuleChangeSerializer(serializers.ModelSerializer[AlertRule]):
    """What is not named stays."""

    class Meta:
        model = AlertRule
        fields: Any = FIELDS
        extra_kwargs: Any = {
            **{name: {"required": False} for name in ("severity", "duration_s")},
            **{name: {"max_value": 23} for name in ("from_hour", "to_hour")},
        }
        swagger_schema_fields: Any = {"example": {"limit": 165_000, "duration_s": 600}}


class AlertRuleSerializer(RuleChangeSerializer):
    """A rule of an organisation (factory null), or of one site instead."""

    unit = serializers.SerializerMethodField(help_text="of limit and hysteresis")
    changed_by = serializers.CharField(allow_null=True)

    class Meta:
        model = AlertRule
        fields: Any = ["id", "organisation", "factory", "kind", *FIELDS, "unit", "changed_by", "changed_at"]
        read_only_fields = fields

    def get_unit(self, rule: AlertRule) -> str:
        return KINDS[rule.kind].unit


class NewRuleSerializer(RuleChangeSerializer):
    """The rule of a site, or of the whole organisation when no factory is given. It replaces the present one."""

    factory = serializers.IntegerField(required=False, allow_null=True, help_text="id; null: the organisation", **_ID)
    organisation = serializers.IntegerField(required=False, help_text="id; default: yours", **_ID)

    class Meta(RuleChangeSerializer.Meta):
        fields = ["factory", "organisation", "kind", *FIELDS]
        validators: Any = []
        swagger_schema_fields = {"example": {"factory": 1, "kind": "co2_high", "limit": 165_000}}


class CopyRulesSerializer(serializers.Serializer[Any]):
    """The own rules of one site to others of its organisation, in place of theirs."""

    factory = serializers.IntegerField(help_text="id of the site that has them", **_ID)
    targets = serializers.ListField(child=serializers.IntegerField(**_ID), min_length=1, max_length=1_000)

    class Meta:
        swagger_schema_fields = {"example": {"factory": 1, "targets": [1]}}


class RuleOfFileSerializer(RuleChangeSerializer):
    factory = serializers.CharField(required=False, allow_null=True, help_text="name of a site; null: the organisation")

    class Meta(RuleChangeSerializer.Meta):
        fields = ["factory", "kind", *FIELDS]
        ref_name = "AlertRuleOfFile"
        swagger_schema_fields: Any = {}


class RulesFileSerializer(serializers.Serializer[Any]):
    """A file of rules, as the export gives it."""

    version = serializers.ChoiceField([FILE_VERSION])
    organisation = serializers.CharField(required=False, allow_blank=True, help_text="name; for people")
    rules = RuleOfFileSerializer(many=True, max_length=MOST_RULES)  # type: ignore[call-arg]

    class Meta:
        swagger_schema_fields = {
            "example": {"version": FILE_VERSION, "rules": [{"factory": None, "kind": "co2_high", "limit": 165_000}]}
        }


class ProposalSerializer(serializers.Serializer[Any]):
    limit = serializers.FloatField(allow_null=True, help_text="null: the site has too few minutes of the last 28 days")
    unit = serializers.CharField()


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="rules that were set")


class CauseSerializer(serializers.Serializer[Any]):
    """A cause of the alarms of a period, the most frequent first."""

    cause = serializers.CharField(help_text="code; empty: nobody said")
    words = serializers.CharField()
    count = serializers.IntegerField()
    cumulative_pct = serializers.FloatField(help_text="of all alarms, with the rows before it")
