"""Shapes of channels, gateways, shifts and deliveries in the API. Secrets come in and never go out."""

from typing import Any

from rest_framework import serializers

from alerts.notice_models import WEEKDAYS, Channel, Delivery, Gateway, NoticeSettings, RosterShift

ID: dict[str, Any] = {"min_value": 1, "max_value": 2**31 - 1}


def _fields_given() -> serializers.DictField:
    words = "what the kind asks for, by name: /api/notice-channels/kinds/ lists them"
    return serializers.DictField(child=serializers.CharField(max_length=2000), help_text=words)


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


class NewChannelSerializer(serializers.ModelSerializer[Channel]):
    fields_given = _fields_given()

    class Meta:
        model = Channel
        fields = ("kind", "fields_given", "least_severity")
        swagger_schema_fields = {"example": {"kind": "email", "fields_given": {"email": "ruto@example.org"}}}


class ChannelChangeSerializer(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = ("least_severity",)
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

    def update(self, row: NoticeSettings, given: dict[str, Any]) -> NoticeSettings:
        for name, value in given.items():
            setattr(row, name, value)
        row.clean()
        row.save()
        return row


class GatewaySerializer(serializers.ModelSerializer[Gateway]):
    spent_this_month = serializers.CharField(help_text="in the organisation's currency, since the first (UTC)")
    suppressed_this_month = serializers.IntegerField(help_text="notices that the cap has stopped")

    class Meta:
        model = Gateway
        fields: Any = (
            "id organisation kind carries label cost_per_message monthly_cap spent_this_month suppressed_this_month"
        ).split()


class NewGatewaySerializer(serializers.ModelSerializer[Gateway]):
    """Replaces the gateway that carries the same kind of channel. Secrets that are left out stay."""

    organisation = serializers.IntegerField(
        source="organisation_id", required=False, help_text="id; default: your first", **ID
    )
    fields_given = _fields_given()

    class Meta:
        model = Gateway
        fields = ("organisation", "kind", "fields_given", "cost_per_message", "monthly_cap")
        swagger_schema_fields = {
            "example": {
                "kind": "africas_talking",
                "fields_given": {"username": "sandbox", "api_key": "atsk_example"},
                "cost_per_message": "0.80",
                "monthly_cap": "2000",
            }
        }


class ShiftSerializer(serializers.ModelSerializer[RosterShift]):
    """Times are of the site's clock; one that ends before it begins ends on the next day."""

    organisation = serializers.IntegerField(
        source="organisation_id", required=False, help_text="id; default: your first", **ID
    )
    factory = serializers.IntegerField(
        source="factory_id", required=False, allow_null=True, help_text="id; null: all sites", **ID
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=min(WEEKDAYS), max_value=max(WEEKDAYS)),
        min_length=1,
        max_length=7,
        required=False,
        help_text="1 is Monday; default: every day",
    )
    people = serializers.ListField(
        child=serializers.IntegerField(**ID), min_length=1, max_length=20, help_text="ids in the order of being told"
    )

    class Meta:
        model = RosterShift
        fields = ("id", "organisation", "factory", "name", "weekdays", "begins", "ends", "escalate_after_min", "people")
        swagger_schema_fields = {"example": {"name": "Night", "begins": "18:00", "ends": "06:00", "people": [1]}}


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    alert = serializers.IntegerField(source="event.alert_id", read_only=True, allow_null=True, default=None)
    user_name = serializers.CharField(source="user", read_only=True)

    class Meta:
        model = Delivery
        fields: Any = (
            "id kind alert user user_name channel_kind state suppressed_by due_at tries error cost_amount created_at "
            "done_at"
        ).split()
