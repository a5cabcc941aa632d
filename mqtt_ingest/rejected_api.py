"""/api/rejected-messages/: refused messages in groups of one cause, and their replay."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin
from devices.models import MCUDevice
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedGroup
from mqtt_ingest.replay import groups_for, replay, shown


class RejectedGroupSerializer(serializers.Serializer[Any]):
    """Refusals of one device for one cause. `detail` and `example` are of the newest one that is kept."""

    id = serializers.IntegerField(source="group.pk")
    device = serializers.CharField(source="group.topic_device_id", help_text="device id in the topic")
    reason = serializers.ChoiceField(Reason.choices, source="group.reason")
    count = serializers.IntegerField(source="group.count")
    first_at = serializers.DateTimeField(source="group.first_at")
    last_at = serializers.DateTimeField(source="group.last_at")
    detail = serializers.CharField(help_text="field, value and limit")
    remedy = serializers.CharField(help_text="what to do")
    example = serializers.CharField(help_text="the payload, its first 600 characters, unprintable ones spelt out")
    waiting = serializers.IntegerField(help_text="kept messages that were not replayed")

    class Meta:
        ref_name = "RejectedGroup"

    def to_representation(self, instance: RejectedGroup) -> Any:
        return super().to_representation(shown(instance))


class RejectedFilter(filters.FilterSet):
    device = filters.CharFilter(field_name="topic_device_id")
    reason = filters.ChoiceFilter(choices=Reason.choices)

    class Meta:
        model = RejectedGroup
        fields: list[str] = []


class ReplayInputSerializer(serializers.Serializer[Any]):
    device = serializers.CharField(max_length=64, help_text="device id")
    reason = serializers.ChoiceField(Reason.choices, required=False, help_text="without it all")

    class Meta:
        swagger_schema_fields = {"example": {"device": "litein-1"}}


class ReplayedSerializer(serializers.Serializer[Any]):
    """received = stored + duplicate + rejected, in readings of `messages` messages."""

    messages = serializers.IntegerField()
    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.DictField(child=serializers.IntegerField(), help_text="by reason")
    channels = serializers.IntegerField(help_text="values of channels")
    impossible = serializers.IntegerField(help_text="kept messages that cannot be read again")


class RejectedMessageViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Refused messages of your devices. Those of ids that nobody registered are seen by nobody but the operator."""

    actions = {"GET": Action.VIEW_REJECTED, "POST": Action.REPLAY_REJECTED}
    queryset = RejectedGroup.objects.all()
    serializer_class = RejectedGroupSerializer
    filterset_class = RejectedFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {"replay": ReplayInputSerializer}

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return groups_for(self.request.user)

    @swagger_auto_schema(responses={200: ReplayedSerializer})
    @action(detail=False, methods=["post"])
    def replay(self, request: Request) -> Response:
        """Read the kept messages of a device again.

        After the cause is gone. What is stored already is a duplicate, so a second call changes nothing.
        """
        given = self.given()
        devices = MCUDevice.objects.select_related("factory")
        get_visible(request.user, devices, Action.REPLAY_REJECTED, device_id=given["device"])
        groups = RejectedGroup.objects.filter(topic_device_id=given["device"])
        if "reason" in given:
            groups = groups.filter(reason=given["reason"])
        return Response(ReplayedSerializer(asdict(replay(list(groups)))).data)
