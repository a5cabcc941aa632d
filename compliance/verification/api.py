"""/api/compliance/{id}/verification/ and links/, /api/disputes/."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django_filters import rest_framework as filters
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.permissions import get_visible, user_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, WritingMixin, validated
from compliance.models import ComplianceReport, Dispute, ReportLink, Verification
from compliance.reports.queries import report_of
from compliance.verification import disputes, links, room
from compliance.verification.serializers import (
    AnswerSerializer,
    DecisionSerializer,
    DisputeSerializer,
    DrawSerializer,
    LinkMadeSerializer,
    MaterialitySerializer,
    NewDisputeSerializer,
    NewFindingSerializer,
    NewLinkSerializer,
    OpinionSerializer,
    ReportLinkSerializer,
    VerificationSerializer,
)
from devices.models import MCUDevice
from factories.models import Factory
from factories.queries import choosable_factories
from lib.exports import list_response
from lib.known_names import ApiView
from lib.parameters import AS_CSV


def room_of(report: ComplianceReport) -> Verification:
    rows = Verification.objects.select_related("auditor").prefetch_related(
        "findings__found_by", "findings__answered_by"
    )
    found = rows.filter(report=report).first()
    if found is None:
        raise Http404
    return found


def _schema(summary: str, body: type[Serializer[Any]] | None = None, **more: Any) -> Any:
    """Of an act in the auditor's room; each answers the whole room."""
    answers: dict[Any, Any] = {
        200: VerificationSerializer,
        **REFUSALS,
        409: "not_begun, verified_by_another, opinion_given",
        **more,
    }
    return swagger_auto_schema(operation_summary=summary, request_body=body or no_body, responses=answers)


class VerificationView(ApiView):
    """An auditor's work on a report. Whoever may read the report reads it."""

    actions = {"GET": Action.VIEW_REPORTS, "POST": Action.VERIFY_REPORTS, "PATCH": Action.VERIFY_REPORTS}

    @swagger_auto_schema(operation_summary="The verification of a report", responses={200: VerificationSerializer})
    def get(self, request: Request, pk: int) -> Response:
        return _room(report_of(request.user, pk, Action.VIEW_REPORTS))

    @_schema("Begin to verify a signed or published report")
    def post(self, request: Request, pk: int) -> Response:
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.open_room(user_of(request), report)
        return _room(report)

    @_schema("Set the materiality", MaterialitySerializer)
    def patch(self, request: Request, pk: int) -> Response:
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.set_materiality(user_of(request), report, **_renamed(validated(MaterialitySerializer, request)))
        return _room(report)


def _renamed(given: dict[str, Any]) -> dict[str, Any]:
    return {"percent": given["materiality_pct"]}


class SampleView(ApiView):
    actions = {"POST": Action.VERIFY_REPORTS}

    @_schema("Draw a random sample of the records behind the report", DrawSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """The same seed draws the same records: those whose SHA-256 of `seed|record` is smallest."""
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.draw_sample(user_of(request), report, **validated(DrawSerializer, request))
        return _room(report)


class FindingsView(ApiView):
    actions = {"POST": Action.VERIFY_REPORTS}

    @_schema("Write a finding", NewFindingSerializer)
    def post(self, request: Request, pk: int) -> Response:
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.find(user_of(request), report, **validated(NewFindingSerializer, request))
        return _room(report)


class AnswerView(ApiView):
    actions = {"POST": Action.ANSWER_FINDINGS}

    @_schema("Answer a finding, as the site or headquarters", AnswerSerializer)
    def post(self, request: Request, pk: int, finding_id: int) -> Response:
        report = report_of(request.user, pk, Action.ANSWER_FINDINGS)
        room.answer(user_of(request), report, finding_id, **validated(AnswerSerializer, request))
        return _room(report)


class CloseView(ApiView):
    actions = {"POST": Action.VERIFY_REPORTS}

    @_schema("Close a finding")
    def post(self, request: Request, pk: int, finding_id: int) -> Response:
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.close(user_of(request), report, finding_id)
        return _room(report)


class OpinionView(ApiView):
    actions = {"POST": Action.VERIFY_REPORTS}

    @_schema("Give the opinion; nothing of the verification changes afterwards", OpinionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        report = report_of(request.user, pk, Action.VERIFY_REPORTS)
        room.give_opinion(user_of(request), report, **validated(OpinionSerializer, request))
        return _room(report)


def _room(report: ComplianceReport) -> Response:
    return Response(VerificationSerializer(room_of(report)).data)


# --- Links -------------------------------------------------------------------------------------
class LinksView(ApiView):
    actions = {"GET": Action.SHARE_REPORTS, "POST": Action.SHARE_REPORTS}

    @swagger_auto_schema(
        operation_summary="Links that show a report without a sign-in",
        manual_parameters=[AS_CSV],
        responses={200: ReportLinkSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> Any:
        report = report_of(request.user, pk, Action.SHARE_REPORTS)
        rows = ReportLinkSerializer(report.links.select_related("created_by", "revoked_by"), many=True).data
        return list_response(request, list(rows), list(ReportLinkSerializer().fields), f"report-{pk}-links")

    @swagger_auto_schema(
        operation_summary="Make a link for a buyer",
        request_body=NewLinkSerializer,
        responses={201: LinkMadeSerializer, **REFUSALS, 409: "not_published"},
    )
    def post(self, request: Request, pk: int) -> Response:
        report = report_of(request.user, pk, Action.SHARE_REPORTS)
        link, token = links.share(user_of(request), report, **validated(NewLinkSerializer, request))
        url = request.build_absolute_uri(reverse("report-link", args=[token]))
        return Response(ReportLinkSerializer(link).data | {"url": url}, status=201)


class RevokeLinkView(ApiView):
    actions = {"POST": Action.SHARE_REPORTS}

    @swagger_auto_schema(
        operation_summary="Revoke a link: it shows nothing any more",
        request_body=no_body,
        responses={200: ReportLinkSerializer, **REFUSALS},
    )
    def post(self, request: Request, pk: int, link_id: int) -> Response:
        report = report_of(request.user, pk, Action.SHARE_REPORTS)
        link = ReportLink.objects.filter(report=report, pk=link_id).first()
        if link is None:
            raise Http404
        links.revoke(user_of(request), link)
        rows = ReportLink.objects.select_related("created_by", "revoked_by")
        return Response(ReportLinkSerializer(rows.get(pk=link_id)).data)


# --- Disputes ----------------------------------------------------------------------------------
class DisputeFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)
    is_open = filters.BooleanFilter(field_name="decided_at", lookup_expr="isnull")

    class Meta:
        model = Dispute
        fields = ("subject", "outcome")


class DisputeViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """What sites contest, newest first, with the day by which headquarters answers."""

    actions = {"GET": Action.VIEW_REPORTS, "POST": Action.DISPUTE}
    queryset = Dispute.objects.select_related("factory__organisation", "device", "opened_by", "decided_by")
    serializer_class = DisputeSerializer
    filterset_class = DisputeFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {"create": NewDisputeSerializer, "decide": DecisionSerializer}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().order_by("-opened_at", "-id")

    @swagger_auto_schema(responses={201: DisputeSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Contest readings, a gap or a place; add files by /api/evidence/ with about=dispute."""
        given, user = self.given(), user_of(request)
        sites = Factory.objects.select_related("organisation")
        site = get_visible(user, sites, Action.DISPUTE, factory_path="", pk=given.pop("factory"))
        device = given.pop("device", None)
        if device is not None:
            device = get_visible(user, MCUDevice.objects.all(), Action.DISPUTE, device_id=device, factory=site)
        period = given.pop("period_start"), given.pop("period_end")
        return self.shown(disputes.contest(user, site, period=period, device=device, **given), 201)

    @swagger_auto_schema(responses={200: DisputeSerializer, 409: "decided, own_dispute"})
    @action(detail=True, methods=["post"], filterset_class=None)
    def decide(self, request: Request, pk: str) -> Response:
        """Headquarters' answer, which stands. Contested readings that are upheld are set aside at once."""
        dispute = get_visible(request.user, self.get_queryset(), Action.DECIDE_DISPUTES, pk=pk)
        return self.shown(disputes.decide(user_of(request), dispute.pk, **self.given()))
