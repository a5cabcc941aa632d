"""The one router of the API: every endpoint below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from accounts.api import LoginView, LogoutAllView, LogoutView, MeView
from accounts.permissions import public_page
from carbontrack import openapi
from carbontrack.errors import api_not_found
from devices.api import MCUDeviceViewSet
from emissions.api import LatestView
from emissions.live import stream
from energy.api import EmissionFactorViewSet, EnergyEntryViewSet, EnergyTypeViewSet
from factories.api import FactoryViewSet
from mqtt_ingest.api import ReadingsView

router = SimpleRouter()
router.register("factories", FactoryViewSet, basename="factories")
router.register("mcu-devices", MCUDeviceViewSet, basename="mcu-devices")
router.register("energy-types", EnergyTypeViewSet, basename="energy-types")
router.register("emission-factors", EmissionFactorViewSet, basename="emission-factors")
router.register("energy-entries", EnergyEntryViewSet, basename="energy-entries")

for view in (openapi.swagger_ui, openapi.redoc, openapi.schema_json, api_not_found):
    public_page(view)

urlpatterns = [
    path("login/", LoginView.as_view(), name="api-login"),
    path("logout/", LogoutView.as_view(), name="api-logout"),
    path("logoutall/", LogoutAllView.as_view(), name="api-logoutall"),
    path("me/", MeView.as_view(), name="api-me"),
    path("emissions/", ReadingsView.as_view(), name="api-emissions"),
    path("emissions/latest/", LatestView.as_view(), name="api-emissions-latest"),
    path("emissions/stream/", stream, name="api-emissions-stream"),
    path("schema/swagger-ui/", openapi.swagger_ui, name="swagger-ui"),
    path("schema/redoc/", openapi.redoc, name="redoc"),
    path("schema.json", openapi.schema_json, name="schema-json"),
    path("", include(router.urls)),
    re_path(r"^.*$", api_not_found, name="api-not-found"),
]
