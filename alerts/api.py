"""/api/alerts/ and /api/alert-rules/. Thin: reads in `queries.py`, writes in `services.py` and `rules.py`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import get_visible, organisations_of, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from alerts import services
from alerts.choices import AlertKind, AlertState, Cause, Severity
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
from factories.models import Factory, Organisation
from factories.queries import choosable_factories
from lib.errors import invalid
from lib.exports import list_response
from lib.parameters import AS_CSV, chosen, parameter

NOT_CLOSED = "not_closed"
_REFUSED = {**REFUSALS, 409: "alert_closed"}


class AlertFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=[*AlertState.choices, (NOT_CLOSED, _("not closed"))], method="of_state")
    severity = filters.ChoiceFilter(choices=Severity.choices)
    kind = filters.ChoiceFilter(choices=AlertKind.choices)
    cause = filters.ChoiceFilter(choices=Cause.choices)
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)

    class Meta:
        model = Alert
        fields: list[str] = []

    def of_state(self, alerts: QuerySet[Alert], _name: str, state: str) -> QuerySet[Alert]:
        return alerts.filter(closed_at=None) if state == NOT_CLOSED else alerts.filter(state=state)


def _act(name: str, summary: str, body: Any) -> Callable[[Any], Any]:
    """The decorators of a POST on one alarm that answers with it."""

    def decorate(method: Any) -> Any:
        schema = swagger_auto_schema(
            operation_id=f"alerts_{name}",
            operation_summary=summary,
            request_body=body,
            responses={200: AlertDetailSerializer, **_REFUSED},
        )
        return schema(action(detail=True, methods=["post"], url_path=name, filterset_class=None)(method))

    return decorate


class AlertViewSet(ScopedReadOnlyViewSet):
    """Alarms of your sites, newest first. New ones and changes come as `event: alert` of the live stream too."""

    actions = {"GET": Action.VIEW_ALERTS, "POST": Action.ACKNOWLEDGE_ALERTS}
    queryset = Alert.objects.all()
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Alert.objects.none()
        found = alerts_of(self.request.user).order_by("-opened_at", "-pk")
        return found if self.action == "list" else found.prefetch_related("events__by")

    def get_serializer_class(self) -> Any:
        return AlertDetailSerializer if self.action == "retrieve" else AlertSerializer

    def _shown(self) -> Response:
        return Response(AlertDetailSerializer(self.get_queryset().get(pk=self.kwargs["pk"])).data)

    @_act("acknowledge", "Say that you look after it, and why it happened", AcknowledgeSerializer)
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Also of a closed alarm, to add its cause."""
        alert = self.get_object()
        services.acknowledge(user_of(request), alert.pk, **validated(AcknowledgeSerializer, request))
        return self._shown()

    @_act("comment", "Write what you found or did", CommentSerializer)
    def comment(self, request: Request, pk: str) -> Response:
        services.comment(user_of(request), self.get_object().pk, validated(CommentSerializer, request)["text"])
        return self._shown()

    @_act("assign", "Give it to somebody, or take it yourself", AssignSerializer)
    def assign(self, request: Request, pk: str) -> Response:
        alert, given = self.get_object(), validated(AssignSerializer, request)
        user = user_of(request)
        to = User.objects.filter(pk=given.get("to", user.pk), is_active=True).first()
        services.assign(user, alert.pk, to, comment=given.get("comment", ""))
        return self._shown()

    @_act("snooze", "Put it off for some hours", SnoozeSerializer)
    def snooze(self, request: Request, pk: str) -> Response:
        alert, given = self.get_object(), validated(SnoozeSerializer, request)
        until = timezone.now() + timedelta(hours=given["hours"])
        services.snooze(user_of(request), alert.pk, until, comment=given.get("comment", ""))
        return self._shown()

    @_act("close", "Close it by hand", AcknowledgeSerializer)
    def close(self, request: Request, pk: str) -> Response:
        """It does not open again while its condition lasts."""
        alert = self.get_object()
        services.close(user_of(request), alert.pk, **validated(AcknowledgeSerializer, request))
        return self._shown()

    @swagger_auto_schema(
        operation_id="alerts_causes",
        operation_summary="The causes of the last days' alarms, the most frequent first",
        manual_parameters=[parameter("days", "1 to 366; default 30", type="integer"), AS_CSV],
        responses={200: CauseSerializer(many=True), **REFUSALS},
    )
    @action(detail=False, methods=["get"], url_path="causes", filterset_class=None, pagination_class=None)
    def causes(self, request: Request) -> HttpResponseBase:
        raw = request.query_params.get("days") or "30"
        if not raw.isdecimal() or not 1 <= int(raw[:9]) <= 366:
            raise invalid("days", "out_of_range", _("days must be a whole number from 1 to 366."))
        now = timezone.now()
        rows = causes(alerts_of(request.user), now - timedelta(days=int(raw)), now, unknown=_("not said"))
        shown = CauseSerializer(rows, many=True).data
        return list_response(request, list(shown), list(CauseSerializer().fields), "alert-causes")


# --- Rules ----------------------------------------------------------------------------------------
class AlertRuleFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=AlertKind.choices)
    factory = filters.ModelChoiceFilter(queryset=choosable_factories, help_text="its own rules")

    class Meta:
        model = AlertRule
        fields: list[str] = []


class AlertRuleViewSet(ScopedReadOnlyViewSet):
    """When alarms open: one rule a kind for an organisation, and those that sites have instead."""

    _manage = dict.fromkeys(("POST", "PATCH", "DELETE"), Action.MANAGE_ALERT_RULES)
    actions = {"GET": Action.VIEW_ALERTS, **_manage}
    queryset = AlertRule.objects.all()
    serializer_class = AlertRuleSerializer
    filterset_class = AlertRuleFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return AlertRule.objects.none()
        return rules_of(self.request.user).select_related("changed_by")

    @swagger_auto_schema(
        operation_id="alert-rules_create",
        operation_summary="Set the rule of a site, or of the organisation",
        request_body=NewRuleSerializer,
        responses={201: AlertRuleSerializer, **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        given = validated(NewRuleSerializer, request)
        kind, asked, site = given.pop("kind"), given.pop("organisation", None), given.pop("factory", None)
        factory = None if site is None else _site(request, site)
        organisation = factory.organisation if factory else _organisation(request, asked)
        rule = set_rule(user_of(request), organisation, kind, given, factory=factory)
        return Response(AlertRuleSerializer(rule).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="alert-rules_partial_update",
        operation_summary="Change a rule",
        request_body=RuleChangeSerializer,
        responses={200: AlertRuleSerializer, **REFUSALS},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        rule = self._managed()
        changes = validated(RuleChangeSerializer, request, partial=True)
        changed = set_rule(user_of(request), rule.organisation, rule.kind, changes, factory=rule.factory)
        return Response(AlertRuleSerializer(changed).data)

    @swagger_auto_schema(
        operation_id="alert-rules_delete",
        operation_summary="Return a site to the rule of its organisation",
        responses={204: "gone", **REFUSALS, 409: "rule_of_organisation"},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        remove_rule(user_of(request), self._managed())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _managed(self) -> AlertRule:
        rule: AlertRule = self.get_object()
        if not may_set_rules(self.request.user, rule.organisation_id, rule.factory):
            raise PermissionDenied
        return rule

    @swagger_auto_schema(
        operation_id="alert-rules_copy",
        operation_summary="Copy the own rules of one site to others",
        request_body=CopyRulesSerializer,
        responses={200: CountSerializer, **REFUSALS},
    )
    @action(detail=False, methods=["post"], url_path="copy", filterset_class=None)
    def copy(self, request: Request) -> Response:
        given = validated(CopyRulesSerializer, request)
        source = _site(request, given["factory"])
        targets = [_site(request, pk) for pk in dict.fromkeys(given["targets"]) if pk != source.pk]
        if any(target.organisation_id != source.organisation_id for target in targets):
            raise invalid("targets", "other_organisation", _("Rules are copied within one organisation."))
        return Response({"count": copy_rules(user_of(request), source, targets)})

    @swagger_auto_schema(
        operation_id="alert-rules_export",
        operation_summary="All rules of your organisation as a file",
        responses={200: RulesFileSerializer, **REFUSALS},
    )
    @action(detail=False, methods=["get"], url_path="export", filterset_class=None, pagination_class=None)
    def export(self, request: Request) -> Response:
        allowed = organisations_of(request.user, Action.VIEW_ALERTS)
        if not allowed:
            raise PermissionDenied
        return Response(exported(Organisation.objects.get(pk=allowed[0])))

    @swagger_auto_schema(
        operation_id="alert-rules_import",
        operation_summary="Set the rules of a file, all or none",
        request_body=RulesFileSerializer,
        responses={200: CountSerializer, **REFUSALS},
    )
    @action(detail=False, methods=["post"], url_path="import", filterset_class=None)
    def import_(self, request: Request) -> Response:
        given = validated(RulesFileSerializer, request)
        return Response({"count": import_rules(user_of(request), _organisation(request, None), given["rules"])})

    @swagger_auto_schema(
        operation_id="alert-rules_proposal",
        operation_summary="A limit from the site's own 28 days",
        manual_parameters=[
            parameter("factory", "id", type="integer", required=True, **{"x-example": 1}),
            parameter("kind", "a kind that measures", enum=list(MEASURED), required=True, **{"x-example": "co2_high"}),
        ],
        responses={200: ProposalSerializer, **REFUSALS},
    )
    @action(detail=False, methods=["get"], url_path="proposal", filterset_class=None, pagination_class=None)
    def proposal(self, request: Request) -> Response:
        raw, kind = request.query_params.get("factory", ""), chosen(request.query_params, "kind", list(MEASURED))
        if not kind:
            raise invalid("kind", "required", _("Name the kind of alarm."))
        if not raw.isdecimal() or len(raw) > 9:
            raise invalid("factory", "required", _("Name the factory by its id."))
        sites = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.VIEW_ALERTS)
        factory = sites.filter(pk=int(raw)).first()
        if factory is None:
            raise Http404
        return Response({"limit": proposed_limit(factory, kind, timezone.now()), "unit": KINDS[kind].unit})


def _site(request: Request, pk: int) -> Factory:
    sites = Factory.objects.select_related("organisation")
    return get_visible(request.user, sites, Action.MANAGE_ALERT_RULES, factory_path="", pk=pk)


def _organisation(request: Request, asked: int | None) -> Organisation:
    """The organisation asked for, or the first whose rules the user sets."""
    allowed = organisations_of(request.user, Action.MANAGE_ALERT_RULES)
    if not allowed:
        raise PermissionDenied
    if asked is not None and asked not in allowed:
        raise Http404
    return Organisation.objects.get(pk=asked or allowed[0])
