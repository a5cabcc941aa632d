"""GET and POST /api/factories/."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import organisations_of
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, validated
from factories.models import Factory, Organisation
from factories.serializers import FactorySerializer, NewFactorySerializer
from factories.services import create_factory
from lib.errors import invalid


class FactoryFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", help_text="part of the name, in any case")

    class Meta:
        model = Factory
        fields: Any = ["county", "sector"]


class FactoryViewSet(ScopedReadOnlyViewSet):
    """Factories and mines that you may see, with their chimneys and emission sources."""

    actions = {"GET": Action.VIEW_FACTORY, "POST": Action.EDIT_FACTORY}
    factory_path = ""
    queryset = (
        Factory.objects.select_related("organisation")
        .prefetch_related("chimneys", "emission_sources")
        .order_by("name", "id")
    )
    serializer_class = FactorySerializer
    filterset_class = FactoryFilter
    lookup_value_regex = "[0-9]{1,9}"

    @swagger_auto_schema(
        operation_id="factories_create",
        operation_summary="Add a factory or mine",
        request_body=NewFactorySerializer,
        responses={201: FactorySerializer, 400: "invalid", 401: "not_signed_in", 403: "forbidden"},
    )
    def create(self, request: Request) -> Response:
        """Country, currency and time zone follow from the organisation; the emission sources from the sector."""
        fields = validated(NewFactorySerializer, request)
        organisation = _organisation(request, fields.pop("organisation", None))
        factory = create_factory(organisation, **fields)
        return Response(FactorySerializer(factory).data, status=status.HTTP_201_CREATED)


def _organisation(request: Request, asked: int | None) -> Organisation:
    """The organisation asked for, or the first in which the user may add sites."""
    allowed = organisations_of(request.user, Action.EDIT_FACTORY)
    if not allowed:
        raise PermissionDenied
    if asked is not None and asked not in allowed:
        words = _("organisation=%(id)s is not an organisation whose factories you manage.") % {"id": asked}
        raise invalid("organisation", "unknown_organisation", words)
    return Organisation.objects.get(pk=asked or allowed[0])
