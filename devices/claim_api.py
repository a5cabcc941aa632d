"""/api/device-claims/: devices that wait for their sites, and the codes that let an installer register them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import organisations_of, user_of
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, validated
from devices.models import DeviceClaim
from devices.registration import as_printed, make_claims, withdraw
from devices.serializers import DeviceClaimSerializer, MadeClaimSerializer, NewClaimsSerializer
from factories.models import Organisation
from lib.errors import ApiError, invalid


class DeviceClaimViewSet(ScopedReadOnlyViewSet):
    """Devices that were bought and are not yet placed, of the organisations whose devices you manage as a whole."""

    actions = {"GET": Action.MANAGE_DEVICES, "POST": Action.MANAGE_DEVICES}
    queryset = DeviceClaim.objects.select_related("made_by", "claimed_by")
    serializer_class = DeviceClaimSerializer
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return DeviceClaim.objects.none()
        return self.queryset.filter(organisation__in=organisations_of(self.request.user, Action.MANAGE_DEVICES))

    @swagger_auto_schema(
        operation_id="device-claims_create",
        operation_summary="Make claim codes; they are shown this once",
        request_body=NewClaimsSerializer,
        responses={201: MadeClaimSerializer(many=True), 400: "invalid", 403: "forbidden"},
    )
    def create(self, request: Request) -> Response:
        """A code works once, until it expires, for people who manage devices of the organisation."""
        allowed = organisations_of(request.user, Action.MANAGE_DEVICES)
        if not allowed:
            raise PermissionDenied
        data = validated(NewClaimsSerializer, request)
        asked = data.pop("organisation", allowed[0])
        if asked not in allowed:
            words = _("organisation=%(id)s is not an organisation whose devices you manage.") % {"id": asked}
            raise invalid("organisation", "unknown_organisation", words)
        made = make_claims(Organisation.objects.get(pk=asked), user_of(request), **data)
        rows = [DeviceClaimSerializer(claim).data | {"code": as_printed(code)} for claim, code in made]
        return Response({"next": None, "previous": None, "results": rows}, status=201)

    @swagger_auto_schema(
        operation_id="device-claims_withdraw",
        operation_summary="The code opens nothing any more",
        request_body=no_body,
        responses={200: DeviceClaimSerializer, 403: "forbidden", 404: "not_found", 409: "claim_used"},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        claim = self.get_object()
        if claim.claimed_at is not None:
            raise ApiError(409, "claim_used", _("This code was used; its device is registered."))
        withdraw(claim)
        return Response(DeviceClaimSerializer(claim).data)
