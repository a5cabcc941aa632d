"""GET /api/factories/."""

from typing import Any

from django_filters import rest_framework as filters

from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet
from factories.models import Factory
from factories.serializers import FactorySerializer


class FactoryFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", help_text="part of the name, in any case")

    class Meta:
        model = Factory
        fields: Any = ["county", "sector"]


class FactoryViewSet(ScopedReadOnlyViewSet):
    """Factories and mines that you may see, with their chimneys."""

    actions = {"GET": Action.VIEW_FACTORY}
    factory_path = ""
    queryset = Factory.objects.prefetch_related("chimneys").order_by("name", "id")
    serializer_class = FactorySerializer
    filterset_class = FactoryFilter
