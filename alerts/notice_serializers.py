"""Shapes of channels, gateways, shifts and deliveries in the API. Secrets come in and never go out."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from alerts.choices import Severity
from alerts.delivery import spent_this_month
from alerts.notice_choices import ChannelKind, GatewayKind
from alerts.notice_models import WEEKDAYS, Channel, Delivery, Gateway, NoticeSettings, RosterShift
from alerts.notice_queries import suppressed_by_cap

ID: dict[str, Any] = {"min_value": 1, "max_value": 2**31 - 1}
FIELDS_HELP = "what the kind asks for, by name: /api/notice-channels/kinds/ lists them"


class FieldSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField(source="label")
    help = serializers.CharField()
    is_secret = serializers.BooleanField()
    is_required = serializers.BooleanField()


class KindSerializer(serializers.Serializer[Any]):
    """A kind of channel or gateway, and the fields that it asks for."""

    kind = serializers.CharField()
    title = serializers.CharField()
    carries = serializers.CharField(allow_null=True, help_text="of a gateway: the channels that need it")
    fields_asked = FieldSerializer(many=True)


class KindsSerializer(serializers.Serializer[Any]):
    channels = KindSerializer(many=True)
    gateways = KindSerializer(many=True)


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    is_used = serializers.BooleanField(read_only=True)

    class Meta:
        model = Channel
        fields = ("id", "kind", "label", "least_severity", "is_used", "proven_at", "switched_off_at", "last_sent_at")


class NewChannelSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ChannelKind.choices)
    fields_given = serializers.DictField(child=serializers.CharField(max_length=2000), help_text=FIELDS_HELP)
    least_severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.INFO)

    class Meta:
        swagger_schema_fields = {"example": {"kind": "email", "fields_given": {"email": "ruto@example.org"}}}


class ChannelChangeSerializer(serializers.Serializer[Any]):
    least_severity = serializers.ChoiceField(choices=Severity.choices)

    class Meta:
        swagger_schema_fields = {"example": {"least_severity": "critical"}}


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20, help_text="the six digits that came over the channel")

    class Meta:
        swagger_schema_fields = {"example": {"code": "123456"}}


class NoticeSettingsSerializer(serializers.ModelSerializer[NoticeSettings]):
    """Quiet hours are of the site's clock; critical alarms do not wait for their end."""

    class Meta:
        model = NoticeSettings
        fields = ("quiet_from", "quiet_to", "hears_all", "wants_brief")
        swagger_schema_fields = {"example": {"quiet_from": "22:00:00", "quiet_to": "06:00:00", "wants_brief": True}}


class GatewaySerializer(serializers.ModelSerializer[Gateway]):
    spent_this_month = serializers.SerializerMethodField(
        help_text="in the organisation's currency, since the first (UTC)"
    )
    suppressed_this_month = serializers.SerializerMethodField(help_text="notices that the cap has stopped")

    class Meta:
        model = Gateway
        fields = (
            "id",
            "organisation",
            "kind",
            "carries",
            "label",
            "cost_per_message",
            "monthly_cap",
            "spent_this_month",
            "suppressed_this_month",
        )

    def get_spent_this_month(self, row: Gateway) -> str:
        return str(spent_this_month(row))

    def get_suppressed_this_month(self, row: Gateway) -> int:
        return suppressed_by_cap(row)


class NewGatewaySerializer(serializers.Serializer[Any]):
    """Replaces the gateway that carries the same kind of channel. Secrets that are left out stay."""

    organisation = serializers.IntegerField(required=False, help_text="id; default: your first", **ID)
    kind = serializers.ChoiceField(choices=GatewayKind.choices)
    fields_given = serializers.DictField(child=serializers.CharField(max_length=2000), help_text=FIELDS_HELP)
    cost_per_message = serializers.DecimalField(max_digits=10, decimal_places=4, min_value=0, default=Decimal(0))
    monthly_cap = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, allow_null=True, default=None)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "kind": "africas_talking",
                "fields_given": {"username": "sandbox", "api_key": "atsk_example"},
                "cost_per_message": "0.80",
                "monthly_cap": "2000",
            }
        }


class ShiftSerializer(serializers.ModelSerializer[RosterShift]):
    people = serializers.SerializerMethodField(help_text="ids in the order in which they are told")

    class Meta:
        model = RosterShift
        fields = ("id", "organisation", "factory", "name", "weekdays", "begins", "ends", "escalate_after_min", "people")

    def get_people(self, row: RosterShift) -> list[int]:
        return [place.user_id for place in row.places.all()]


class NewShiftSerializer(serializers.Serializer[Any]):
    """Times are of the site's clock; one that ends before it begins ends on the next day."""

    organisation = serializers.IntegerField(required=False, help_text="id; default: your first", **ID)
    factory = serializers.IntegerField(required=False, allow_null=True, help_text="id; null: all sites", **ID)
    name = serializers.CharField(max_length=60)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=min(WEEKDAYS), max_value=max(WEEKDAYS)),
        min_length=1,
        max_length=7,
        required=False,
        help_text="1 is Monday; default: every day",
    )
    begins = serializers.TimeField()
    ends = serializers.TimeField()
    escalate_after_min = serializers.IntegerField(min_value=1, max_value=1440, required=False)
    people = serializers.ListField(child=serializers.IntegerField(**ID), min_length=1, max_length=20)

    class Meta:
        swagger_schema_fields = {"example": {"name": "Night", "begins": "18:00", "ends": "06:00", "people": [1]}}


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    alert = serializers.IntegerField(source="event.alert_id", read_only=True, allow_null=True, default=None)
    user_name = serializers.CharField(source="user", read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "kind",
            "alert",
            "user",
            "user_name",
            "channel_kind",
            "state",
            "suppressed_by",
            "due_at",
            "tries",
            "error",
            "cost_amount",
            "created_at",
            "done_at",
        )
