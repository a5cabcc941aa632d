"""/api/alerts/, /api/alert-rules/ and a device's limits from these. Reads are in `queries.py`, writes in `services.py`
and `rules.py`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin
from alerts import services
from alerts.choices import AlertState
from alerts.device_limits import give_limits
from alerts.kinds import KINDS, MEASURED
from alerts.models import Alert, AlertRule
from alerts.queries import alerts_of, causes, may_set_rules, rules_of
from alerts.rules import copy_rules, exported, import_rules, proposed_limit, remove_rule, set_rule
from alerts.serializers import (
    AcknowledgeSerializer,
    AlertDetailSerializer,
    AlertRuleSerializer,
    AlertSerializer,
    AssignSerializer,
    CauseSerializer,
    CommentSerializer,
    CopyRulesSerializer,
    CountSerializer,
    NewRuleSerializer,
    ProposalSerializer,
    RuleChangeSerializer,
    RulesFileSerializer,
    SnoozeSerializer,
)
from devices.models import MCUDevice
from factories.models import Factory
from factories.queries import choosable_factories, organisation_where
from lib.errors import invalid
from lib.exports import list_response
from lib.known_names import ApiView
from lib.numbers import id_of
from lib.parameters import AS_CSV, parameter
from mqtt_ingest.command_api import CommandSerializer

NOT_CLOSED = "not_closed"


class AlertFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=[*AlertState.choices, (NOT_CLOSED, _("not closed"))], method="of_state")
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)

    class Meta:
        model = Alert
        fields = ("severity", "kind", "cause")

    def of_state(self, alerts: QuerySet[Alert], _name: str, state: str) -> QuerySet[Alert]:
        return alerts.filter(closed_at=None) if state == NOT_CLOSED else alerts.filter(state=state)


def _act(method: Callable[..., Any]) -> Any:
    schema = swagger_auto_schema(responses={409: "alert_closed"})
    return schema(action(detail=True, methods=["post"], filterset_class=None)(method))


class AlertViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Alarms of your sites, newest first. New ones and changes come as `event: alert` of the live stream too."""

    actions = {"GET": Action.VIEW_ALERTS, "POST": Action.ACKNOWLEDGE_ALERTS}
    queryset = Alert.objects.all()
    serializer_class = AlertDetailSerializer
    filterset_class = AlertFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {
        "acknowledge": AcknowledgeSerializer,
        "comment": CommentSerializer,
        "assign": AssignSerializer,
        "snooze": SnoozeSerializer,
        "close": AcknowledgeSerializer,
    }

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = alerts_of(self.request.user).order_by("-opened_at", "-pk")
        return found if self.action == "list" else found.prefetch_related("events__by")

    def get_serializer_class(self) -> Any:
        return AlertSerializer if self.action == "list" else AlertDetailSerializer

    def _done(self, act: Callable[..., object], **usual: Any) -> Response:
        pk = self.get_object().pk
        act(user_of(self.request), pk, **usual | self.given())
        return self.shown(self.get_queryset().get(pk=pk))

    @_act
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that you look after it, and why it happened.

        Also of a closed alarm, to add its cause.
        """
        return self._done(services.acknowledge)

    @_act
    def comment(self, request: Request, pk: str) -> Response:
        """Write what you found or did."""
        return self._done(services.comment)

    @_act
    def assign(self, request: Request, pk: str) -> Response:
        """Give it to somebody, or take it yourself."""
        return self._done(services.assign, to=user_of(request))

    @_act
    def snooze(self, request: Request, pk: str) -> Response:
        """Put it off for some hours."""
        return self._done(services.snooze)

    @_act
    def close(self, request: Request, pk: str) -> Response:
        """Close it by hand.

        It does not open again while its condition lasts.
        """
        return self._done(services.close)

    @swagger_auto_schema(
        manual_parameters=[parameter("days", "1 to 366; default 30", type="integer"), AS_CSV],
        responses={200: CauseSerializer(many=True)},
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def causes(self, request: Request) -> HttpResponseBase:
        """The causes of the last days' alarms, the most frequent first."""
        raw = request.query_params.get("days") or "30"
        if not raw.isdecimal() or not 1 <= int(raw[:9]) <= 366:
            raise invalid("days", "out_of_range", _("days must be a whole number from 1 to 366."))
        now = timezone.now()
        rows = causes(alerts_of(request.user), now - timedelta(days=int(raw)), now, unknown=_("not said"))
        shown = CauseSerializer(rows, many=True).data
        return list_response(request, list(shown), list(CauseSerializer().fields), "alert-causes")


# --- Rules ----------------------------------------------------------------------------------------
class AlertRuleFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories, help_text="its own rules")

    class Meta:
        model = AlertRule
        fields = ("kind",)


class AlertRuleViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """When alarms open: one rule a kind for an organisation, and those that sites have instead."""

    actions = {"GET": Action.VIEW_ALERTS} | dict.fromkeys(("POST", "PATCH", "DELETE"), Action.MANAGE_ALERT_RULES)
    queryset = AlertRule.objects.all()
    serializer_class = AlertRuleSerializer
    filterset_class = AlertRuleFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {
        "create": NewRuleSerializer,
        "partial_update": RuleChangeSerializer,
        "copy": CopyRulesSerializer,
        "import_": RulesFileSerializer,
    }

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return rules_of(self.request.user).select_related("changed_by")

    def create(self, request: Request) -> Response:
        """Set the rule of a site, or of the organisation."""
        given = self.given()
        kind, asked, site = given.pop("kind"), given.pop("organisation", None), given.pop("factory", None)
        factory = None if site is None else _site(request, site)
        organisation = (
            factory.organisation if factory else organisation_where(request.user, Action.MANAGE_ALERT_RULES, asked)
        )
        return self.shown(set_rule(user_of(request), organisation, kind, given, factory=factory), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        rule = self._managed()
        return self.shown(set_rule(user_of(request), rule.organisation, rule.kind, self.given(), factory=rule.factory))

    @swagger_auto_schema(responses={409: "rule_of_organisation"})
    def destroy(self, request: Request, pk: str) -> Response:
        """Return a site to the rule of its organisation."""
        remove_rule(self._managed())
        return Response(status=204)

    def _managed(self) -> AlertRule:
        rule: AlertRule = self.get_object()
        if not may_set_rules(self.request.user, rule.organisation_id, rule.factory):
            raise PermissionDenied
        return rule

    @swagger_auto_schema(responses={200: CountSerializer})
    @action(detail=False, methods=["post"], filterset_class=None)
    def copy(self, request: Request) -> Response:
        """Copy the own rules of one site to others."""
        given = self.given()
        source = _site(request, given["factory"])
        targets = [_site(request, pk) for pk in dict.fromkeys(given["targets"]) if pk != source.pk]
        if any(target.organisation_id != source.organisation_id for target in targets):
            raise invalid("targets", "other_organisation", _("Rules are copied within one organisation."))
        return Response({"count": copy_rules(user_of(request), source, targets)})

    @swagger_auto_schema(responses={200: RulesFileSerializer})
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def export(self, request: Request) -> Response:
        """All rules of your organisation as a file."""
        return Response(exported(organisation_where(request.user, Action.VIEW_ALERTS)))

    @swagger_auto_schema(operation_id="alert-rules_import", responses={200: CountSerializer})
    @action(detail=False, methods=["post"], url_path="import", filterset_class=None)
    def import_(self, request: Request) -> Response:
        """Set the rules of a file, all or none."""
        rules = self.given()["rules"]
        organisation = organisation_where(request.user, Action.MANAGE_ALERT_RULES)
        return Response({"count": import_rules(user_of(request), organisation, rules)})

    @swagger_auto_schema(
        manual_parameters=[
            parameter("factory", "id", type="integer", required=True, **{"x-example": 1}),
            parameter("kind", "a kind that measures", enum=list(MEASURED), required=True, **{"x-example": "co2_high"}),
        ],
        responses={200: ProposalSerializer},
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def proposal(self, request: Request) -> Response:
        """A limit from the site's own 28 days."""
        kind, pk = request.query_params.get("kind"), id_of(request.query_params.get("factory", ""))
        if not kind:
            raise invalid("kind", "required", _("Name the kind of alarm."))
        if pk is None:
            raise invalid("factory", "required", _("Name the factory by its id."))
        sites = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.VIEW_ALERTS)
        factory = get_object_or_404(sites, pk=pk)
        return Response({"limit": proposed_limit(factory, kind, timezone.now()), "unit": KINDS[kind].unit})


def _site(request: Request, pk: int) -> Factory:
    sites = Factory.objects.select_related("organisation")
    return get_visible(request.user, sites, Action.MANAGE_ALERT_RULES, factory_path="", pk=pk)


class LimitsFromRulesView(ApiView):
    """/api/mcu-devices/{device_id}/limits-from-rules/"""

    actions = {"POST": Action.MANAGE_DEVICES}

    @swagger_auto_schema(
        operation_id="mcu-devices_limits-from-rules",
        request_body=no_body,
        responses={201: CommandSerializer, 409: "no_chimney"},
    )
    def post(self, request: Request, device_id: str) -> Response:
        """Give the device the limits of its site's alarm rules.

        A command `set_limits`. From then on it follows the rules, until somebody sets limits by hand.
        """
        devices = MCUDevice.objects.select_related("factory")
        device = get_visible(request.user, devices, Action.MANAGE_DEVICES, device_id=device_id)
        return Response(CommandSerializer(give_limits(device, user_of(request))).data, status=201)
