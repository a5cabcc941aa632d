"""The one router of the API: every endpoint below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from accounts.api import LoginView, LogoutAllView, LogoutView, MeView
from accounts.people_api import AcceptView, InvitationViewSet, MemberViewSet, RegisterView, RegistrationViewSet
from accounts.permissions import public_page
from accounts.token_api import TokenViewSet
from alerts.api import AlertRuleViewSet, AlertViewSet, LimitsFromRulesView
from alerts.notice_api import (
    ChannelKindsView,
    ChannelViewSet,
    DeliveryViewSet,
    GatewayViewSet,
    NoticeSettingsView,
    ShiftViewSet,
)
from audit.api import AuditView
from carbontrack import openapi
from compliance.api import IntensityView, TargetViewSet
from compliance.balance_api import BalanceView
from compliance.explain.api import ExplainView, PackView
from compliance.fire_api import FireView
from compliance.inventory.api import BasisLockViewSet, InventoryView
from compliance.known.api import InventoryDiffView
from compliance.organisation_api import OrganisationViewSet
from compliance.reports.api import BatchViewSet, RecipientViewSet, ReportViewSet, VerifyView
from compliance.site_sheet.api import SiteSheetViewSet
from compliance.typing_api import TypingHintsView
from compliance.verification.api import (
    AnswerView,
    CloseView,
    DisputeViewSet,
    FindingsView,
    LinksView,
    OpinionView,
    RevokeLinkView,
    SampleView,
    VerificationView,
)
from compliance.wood_lot_api import WoodLotView
from devices.api import MCUDeviceViewSet
from devices.calibration_api import CalibrationsView, CertificateView
from devices.claim_api import DeviceClaimViewSet
from emissions.api import LatestView, RollupsView
from emissions.changes_api import AssignView, CloseHoldView, HoldsView
from emissions.chart_api import ChartPngView, ChartSvgView
from emissions.live import stream
from emissions.queries import RESOLUTIONS
from emissions.set_aside_api import SetAsidesView, TakeBackView
from energy.api import EnergyEntryViewSet
from energy.factor_api import EmissionFactorViewSet, EnergyTypeViewSet
from energy.local_unit_api import LocalUnitViewSet
from factories.api import ChimneyViewSet, EmissionSourceViewSet, FactoryViewSet, SiteEventViewSet
from factories.places_api import PlacesView
from leaderboard.api import LeaderboardView
from lib.errors import api_not_found
from logbook.evidence_api import EvidenceViewSet
from mqtt_ingest.api import ReadingsView
from mqtt_ingest.channel_api import SensorChannelViewSet
from mqtt_ingest.command_api import CommandViewSet
from mqtt_ingest.firmware_api import FirmwareImageViewSet
from mqtt_ingest.go_no_go_api import GoNoGoRunView, GoNoGoView, HealthView
from mqtt_ingest.profile_api import DeviceProfileViewSet
from mqtt_ingest.rejected_api import RejectedMessageViewSet
from production.api import ProductionViewSet

router = SimpleRouter()
router.register("factories", FactoryViewSet, basename="factories")
router.register("chimneys", ChimneyViewSet, basename="chimneys")
router.register("emission-sources", EmissionSourceViewSet, basename="emission-sources")
router.register("site-events", SiteEventViewSet, basename="site-events")
router.register("site-sheets", SiteSheetViewSet, basename="site-sheets")
router.register("organisations", OrganisationViewSet, basename="organisations")
router.register("mcu-devices", MCUDeviceViewSet, basename="mcu-devices")
router.register(r"mcu-devices/(?P<device_id>[A-Za-z0-9_-]{3,64})/commands", CommandViewSet, basename="commands")
router.register("device-claims", DeviceClaimViewSet, basename="device-claims")
router.register("firmware-images", FirmwareImageViewSet, basename="firmware-images")
router.register("device-profiles", DeviceProfileViewSet, basename="device-profiles")
router.register("sensor-channels", SensorChannelViewSet, basename="sensor-channels")
router.register("rejected-messages", RejectedMessageViewSet, basename="rejected-messages")
router.register("production", ProductionViewSet, basename="production")
router.register("registrations", RegistrationViewSet, basename="registrations")
router.register("invitations", InvitationViewSet, basename="invitations")
router.register("members", MemberViewSet, basename="members")
router.register("tokens", TokenViewSet, basename="tokens")
router.register("compliance/batches", BatchViewSet, basename="report-batches")
router.register("compliance/recipients", RecipientViewSet, basename="report-recipients")
router.register("compliance", ReportViewSet, basename="compliance")
router.register("basis-locks", BasisLockViewSet, basename="basis-locks")
router.register("targets", TargetViewSet, basename="targets")
router.register("alerts", AlertViewSet, basename="alerts")
router.register("alert-rules", AlertRuleViewSet, basename="alert-rules")
router.register("evidence", EvidenceViewSet, basename="evidence")
router.register("disputes", DisputeViewSet, basename="disputes")
router.register("energy-types", EnergyTypeViewSet, basename="energy-types")
router.register("emission-factors", EmissionFactorViewSet, basename="emission-factors")
router.register("local-units", LocalUnitViewSet, basename="local-units")
router.register("notice-channels", ChannelViewSet, basename="notice-channels")
router.register("notice-gateways", GatewayViewSet, basename="notice-gateways")
router.register("roster-shifts", ShiftViewSet, basename="roster-shifts")
router.register("notices", DeliveryViewSet, basename="notices")
router.register("energy-entries", EnergyEntryViewSet, basename="energy-entries")

for view in (openapi.swagger_ui, openapi.redoc, openapi.schema_json, api_not_found):
    public_page(view)

urlpatterns = [
    path("register/", RegisterView.as_view(), name="api-register"),
    path("invitations/accept/", AcceptView.as_view(), name="api-invitations-accept"),
    path("login/", LoginView.as_view(), name="api-login"),
    path("logout/", LogoutView.as_view(), name="api-logout"),
    path("logoutall/", LogoutAllView.as_view(), name="api-logoutall"),
    path("me/", MeView.as_view(), name="api-me"),
    path("emissions/", ReadingsView.as_view(), name="api-emissions"),
    *(
        path(f"emissions/{name}s/", RollupsView.as_view(resolution=name), name=f"api-emissions-{name}s")
        for name in RESOLUTIONS
    ),
    path("emissions/latest/", LatestView.as_view(), name="api-emissions-latest"),
    path("emissions/chart.svg", ChartSvgView.as_view(), name="api-emissions-chart-svg"),
    path("emissions/chart.png", ChartPngView.as_view(), name="api-emissions-chart-png"),
    path("emissions/stream/", stream, name="api-emissions-stream"),
    path("notice-channels/kinds/", ChannelKindsView.as_view({"get": "kinds"}), name="api-notice-channel-kinds"),
    path(
        "notice-settings/",
        NoticeSettingsView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="api-notice-settings",
    ),
    path("compliance/verify/", VerifyView.as_view(), name="api-compliance-verify"),
    path("audit/", AuditView.as_view(), name="api-audit"),
    path(
        "mcu-devices/<slug:device_id>/limits-from-rules/", LimitsFromRulesView.as_view(), name="api-limits-from-rules"
    ),
    path("mcu-devices/<slug:device_id>/set-aside/", SetAsidesView.as_view(), name="api-set-aside"),
    path(
        "mcu-devices/<slug:device_id>/set-aside/<int:pk>/take-back/", TakeBackView.as_view(), name="api-set-aside-back"
    ),
    path("places/", PlacesView.as_view(), name="api-places"),
    path("mcu-devices/<slug:device_id>/go-no-go/", GoNoGoView.as_view(), name="api-go-no-go"),
    path("mcu-devices/<slug:device_id>/go-no-go/<int:run_id>/", GoNoGoRunView.as_view(), name="api-go-no-go-run"),
    path("mcu-devices/<slug:device_id>/health/", HealthView.as_view(), name="api-health"),
    path("mcu-devices/<slug:device_id>/assign/", AssignView.as_view(), name="api-assign"),
    path("mcu-devices/<slug:device_id>/holds/", HoldsView.as_view(), name="api-holds"),
    path("mcu-devices/<slug:device_id>/holds/<int:pk>/close/", CloseHoldView.as_view(), name="api-hold-close"),
    path("mcu-devices/<slug:device_id>/calibrations/", CalibrationsView.as_view(), name="api-calibrations"),
    path(
        "mcu-devices/<slug:device_id>/calibrations/<int:pk>/certificate/",
        CertificateView.as_view(),
        name="api-certificate",
    ),
    path("factories/leaderboard/", LeaderboardView.as_view(), name="api-factories-leaderboard"),
    path("explain/pack.zip", PackView.as_view(), name="api-explain-pack"),
    path("inventory/diff/", InventoryDiffView.as_view(), name="api-inventory-diff"),
    path("explain/", ExplainView.as_view(), name="api-explain"),
    path("factories/<int:pk>/fire/", FireView.as_view(), name="api-factories-fire"),
    path("factories/<int:pk>/wood-lot/", WoodLotView.as_view(), name="api-factories-wood-lot"),
    path("factories/<int:pk>/typing-hints/", TypingHintsView.as_view(), name="api-factories-typing-hints"),
    path("factories/<int:pk>/balance/", BalanceView.as_view(), name="api-factories-balance"),
    path("inventory/", InventoryView.as_view(), name="api-inventory"),
    path("factories/<int:pk>/intensity/", IntensityView.as_view(), name="api-factories-intensity"),
    path("compliance/<int:pk>/verification/", VerificationView.as_view(), name="api-verification"),
    path("compliance/<int:pk>/verification/sample/", SampleView.as_view(), name="api-verification-sample"),
    path("compliance/<int:pk>/verification/opinion/", OpinionView.as_view(), name="api-verification-opinion"),
    path("compliance/<int:pk>/verification/findings/", FindingsView.as_view(), name="api-findings"),
    path(
        "compliance/<int:pk>/verification/findings/<int:finding_id>/answer/",
        AnswerView.as_view(),
        name="api-finding-answer",
    ),
    path(
        "compliance/<int:pk>/verification/findings/<int:finding_id>/close/",
        CloseView.as_view(),
        name="api-finding-close",
    ),
    path("compliance/<int:pk>/links/", LinksView.as_view(), name="api-report-links"),
    path("compliance/<int:pk>/links/<int:link_id>/revoke/", RevokeLinkView.as_view(), name="api-report-link-revoke"),
    path("schema/swagger-ui/", openapi.swagger_ui, name="swagger-ui"),
    path("schema/redoc/", openapi.redoc, name="redoc"),
    path("schema.json", openapi.schema_json, name="schema-json"),
    path("", include(router.urls)),
    # `[\s\S]`, because `.` matches no line break, and such an address must not reach a page.
    re_path(r"^[\s\S]*$", api_not_found, name="api-not-found"),
]
