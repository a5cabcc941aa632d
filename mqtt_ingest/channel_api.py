"""/api/sensor-channels/: further values of foreign sensors, and which counters are meters of a site's energy log."""

from typing import Any, ClassVar

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema, swagger_serializer_method
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, may, user_of
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin
from emissions.models import ChannelMinute, SensorChannel
from lib.times import MomentField
from logbook.api import PlainDecimalField, ReadOnlySerializer
from mqtt_ingest.device_meters import begin_meter, end_meter, set_asides_of
from mqtt_ingest.models import DeviceMeter


def channels_with_meters() -> QuerySet[SensorChannel]:
    """Each with its newest value and, as `meters`, the meter that it is now."""
    newest = ChannelMinute.objects.filter(channel=OuterRef("pk")).order_by("-minute")
    meters = DeviceMeter.objects.filter(counts_until=None).select_related("energy_type", "source__factory")
    return (
        SensorChannel.objects.select_related("device__factory")
        .prefetch_related(Prefetch("meters", meters, to_attr="open_meters"))
        .annotate(last_at=Subquery(newest.values("measured_at")[:1]), last_amount=Subquery(newest.values("amount")[:1]))
    )


class CountedTwiceSerializer(serializers.Serializer[Any]):
    """What a meter counted, and the entry that is there already: delete that one, and the count takes its place."""

    period_start = serializers.DateTimeField(source="start.timestamp")
    period_end = serializers.DateTimeField(source="reading.timestamp")
    entry = serializers.IntegerField(source="counted_already.pk")
    entry_amount = PlainDecimalField(source="counted_already.amount")
    entry_unit = serializers.CharField(source="counted_already.unit")

    class Meta:
        ref_name = "MeterSetAside"


class DeviceMeterSerializer(ReadOnlySerializer):
    energy_type = serializers.CharField(source="energy_type.code")
    waits = serializers.SerializerMethodField(help_text="values are stored that are not entered yet")
    set_aside = serializers.SerializerMethodField(help_text="of the last 60 days, for those who may see the energy log")

    class Meta:
        model = DeviceMeter
        fields: Any = "id energy_type source counts_from waits problem set_aside".split()

    @swagger_serializer_method(serializers.BooleanField())
    def get_waits(self, meter: DeviceMeter) -> bool:
        return meter.stale_from is not None

    @swagger_serializer_method(CountedTwiceSerializer(many=True))
    def get_set_aside(self, meter: DeviceMeter) -> Any:
        sees_log = may(self.context["request"].user, Action.VIEW_ENERGY, meter.source.factory)
        return CountedTwiceSerializer(set_asides_of(meter) if sees_log else [], many=True).data


class SensorChannelSerializer(ReadOnlySerializer):
    """A further value of a device; `kind` says whether its integral, its increase or its mean counts."""

    device = serializers.CharField(source="device.device_id")
    factory = serializers.IntegerField(source="device.factory_id")
    last_at = serializers.DateTimeField(help_text="of its newest value", allow_null=True)
    last_amount = serializers.FloatField(help_text="in `unit`", allow_null=True)
    meters = DeviceMeterSerializer(source="open_meters", many=True, help_text="the one that it is now, or none")

    class Meta:
        model = SensorChannel
        fields: Any = "id device factory code unit kind last_at last_amount meters".split()
        ref_name = "SensorChannel"


class MeterInputSerializer(serializers.Serializer[Any]):
    energy_type = serializers.CharField(max_length=40, help_text="code, name or alias")
    source = serializers.IntegerField(  # type: ignore[assignment]
        min_value=1, help_text="the emission source that it meters"
    )
    counts_from = MomentField(required=False, help_text="default: the next minute; values stored since are entered")

    class Meta:
        swagger_schema_fields = {"example": {"energy_type": "electricity", "source": 3}}


class ChannelFilter(filters.FilterSet):
    device = filters.CharFilter(field_name="device__device_id")
    factory = filters.NumberFilter(field_name="device__factory")

    class Meta:
        model = SensorChannel
        fields: list[str] = []


class SensorChannelViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Channels of device profiles. Whether one is a meter is decided by who writes the energy log."""

    actions = {"GET": Action.VIEW_DEVICES, "POST": Action.WRITE_ENERGY, "DELETE": Action.WRITE_ENERGY}
    queryset = channels_with_meters().order_by("device__device_id", "code", "unit")
    factory_path = "device__factory"
    serializer_class = SensorChannelSerializer
    filterset_class = ChannelFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {"meter": MeterInputSerializer}

    @swagger_auto_schema(responses={409: "meter_exists"})
    @action(detail=True, methods=["post"], filterset_class=None)
    def meter(self, request: Request, pk: str) -> Response:
        """The counter is the meter of a source from now on.

        Its readings become entries of the energy log. Where an entry is there already, that one counts.
        """
        channel, given = self._writable(pk), self.given()
        begin_meter(channel, given["energy_type"], given["source"], user_of(request), given.get("counts_from"))
        return self._now(channel)

    @swagger_auto_schema(operation_id="sensor-channels_meter_end", responses={200: SensorChannelSerializer})
    @meter.mapping.delete
    def end_meter(self, request: Request, pk: str) -> Response:
        """The counter makes no entries any more."""
        channel = self._writable(pk)
        end_meter(channel)
        return self._now(channel)

    def _writable(self, pk: str) -> SensorChannel:
        channels = SensorChannel.objects.select_related("device__factory__organisation")
        return get_visible(self.request.user, channels, Action.WRITE_ENERGY, factory_path=self.factory_path, pk=int(pk))

    def _now(self, channel: SensorChannel) -> Response:
        return Response(self.get_serializer(channels_with_meters().get(pk=channel.pk)).data)
