"""GET /api/factories/."""

from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet
from factories.models import Factory
from factories.serializers import FactorySerializer


class FactoryViewSet(ScopedReadOnlyViewSet):
    """Factories and mines that you may see, with their chimneys."""

    actions = {"GET": Action.VIEW_FACTORY}
    factory_path = ""
    queryset = Factory.objects.prefetch_related("chimneys").order_by("name", "id")
    serializer_class = FactorySerializer
    filterset_fields = ["name", "county", "sector"]
