"""/api/compliance/: reports, their acts and files, schemes, due dates, batches, recipients, the public verifier."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, is_narrowed, organisations_of, user_of
from accounts.roles import Action
from accounts.services import confirm_identity
from accounts.viewsets import ScopedReadOnlyViewSet, WritingMixin, validated
from compliance.models import BatchAct, ComplianceReport, ReportBatch, ReportRecipient, ReportState
from compliance.reports import life, tasks
from compliance.reports.files import FORMATS, OF_SCHEMES, file_of
from compliance.reports.queries import due_reports, visible_reports
from compliance.reports.serializers import (
    BatchSerializer,
    DueSerializer,
    EnteredSerializer,
    NewBatchSerializer,
    NewRecipientSerializer,
    NewReportSerializer,
    RecipientSerializer,
    ReportDetailSerializer,
    ReportReasonSerializer,
    ReportSerializer,
    SchemeSerializer,
    SignSerializer,
    VerifiedSerializer,
)
from compliance.reports.verify import verify_digest
from compliance.schemes import schemes
from factories.models import Factory, Organisation
from factories.queries import choosable_factories, organisation_where
from lib.errors import ApiError, invalid
from lib.exports import list_response
from lib.known_names import ApiView
from lib.parameters import AS_CSV, parameter
from lib.reads import ReadKind, marked

DIGEST = parameter("digest", "SHA-256 of the JSON file, hexadecimal", required=True, **{"x-example": "0" * 64})
AS_FILE = parameter("as", "a file instead", enum=[*FORMATS, *OF_SCHEMES])


def confirm(request: Request, given: dict[str, Any]) -> None:
    """Take password and code out of the body, and confirm who it is. A program signs nothing."""
    if is_narrowed(request.user):
        raise PermissionDenied
    secrets = {name: given.pop(name) for name in ("password", "code") if name in given}
    confirm_identity(request._request, user_of(request), **secrets)


def file_response(report: ComplianceReport, file_format: str) -> HttpResponseBase:
    file = file_of(report, file_format)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Report-Digest": report.digest}
    return marked(HttpResponse(file.data, content_type=file.content_type, headers=headers), ReadKind.EXPORT, 1)


class ReportFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)
    state = filters.ChoiceFilter(choices=ReportState.choices)

    class Meta:
        model = ComplianceReport
        fields = ("scheme",)


def _act(*conflicts: str) -> Any:
    def decorate(method: Any) -> Any:
        schema = swagger_auto_schema(responses={200: ReportDetailSerializer, 409: ", ".join(conflicts)})
        return schema(action(detail=True, methods=["post"], filterset_class=None)(method))

    return decorate


class ReportViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """Reports: of your sites what is published; headquarters and auditors see every state."""

    actions = {"GET": Action.VIEW_REPORTS, "POST": Action.MAKE_REPORTS, "PATCH": Action.MAKE_REPORTS}
    queryset = ComplianceReport.objects.all()
    serializer_class = ReportDetailSerializer
    filterset_class = ReportFilter
    lookup_value_regex = "[0-9]{1,9}"
    inputs: ClassVar = {
        "create": NewReportSerializer,
        "entered": EnteredSerializer,
        "check": None,
        "sign": SignSerializer,
        "publish": None,
        "supersede": ReportReasonSerializer,
        "withdraw": ReportReasonSerializer,
    }

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = visible_reports(self.request.user)
        return found if self.action == "list" else found.select_related("key").prefetch_related("signatures", "entered")

    def get_serializer_class(self) -> Any:
        return ReportSerializer if self.action == "list" else ReportDetailSerializer

    def _id(self, right: Action = Action.MAKE_REPORTS) -> int:
        """Of a report on which the user has the right: 404 out of scope, 403 without it."""
        report: ComplianceReport = self.get_object()
        if not visible_reports(self.request.user, right).filter(pk=report.pk).exists():
            raise PermissionDenied
        return report.pk

    def _answer(self, report: ComplianceReport, status: int = 200) -> Response:
        return self.shown(self.get_queryset().get(pk=report.pk), status)

    @swagger_auto_schema(
        manual_parameters=[AS_FILE], responses={200: ReportDetailSerializer}, produces=[*FORMATS.values()]
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """One report, or its file.

        What is published gives the same bytes each time; the SHA-256 of its JSON file is its digest.
        """
        report: ComplianceReport = self.get_object()
        wanted = request.query_params.get("as")
        return file_response(report, wanted) if wanted else self.shown(report)

    @swagger_auto_schema(responses={201: ReportDetailSerializer, 409: "draft_exists, published_exists"})
    def create(self, request: Request) -> Response:
        """Make a draft, with its checks."""
        given, user = self.given(), user_of(request)
        asked, factory = given.pop("organisation", None), None
        if (factory_id := given.pop("factory", None)) is not None:
            rows = Factory.objects.select_related("organisation")
            factory = get_visible(user, rows, Action.MAKE_REPORTS, factory_path="", pk=factory_id)
        of = factory.organisation if factory else organisation_where(user, Action.MAKE_REPORTS, asked)
        period = given.pop("period_start"), given.pop("period_end")
        if period[1] < period[0]:
            raise invalid("period_end", "before_start", _("The last day is before the first."))
        return self._answer(life.draft(user, given.pop("scheme"), of, factory, period, **given), 201)

    @swagger_auto_schema(responses={200: ReportDetailSerializer, 409: "not_a_draft"})
    @action(detail=True, methods=["patch"], filterset_class=None)
    def entered(self, request: Request, pk: str) -> Response:
        """Enter values that are not measured; the draft is checked again."""
        report_id = self._id()
        values = validated(EnteredSerializer, request)["values"]
        return self._answer(life.enter(user_of(request), report_id, values))

    @_act("not_a_draft")
    def check(self, request: Request, pk: str) -> Response:
        """Fill a draft with what is known now, and check it."""
        return self._answer(life.check(self._id()))

    @_act("not_a_draft", "checks_failed", "changed_meanwhile")
    def sign(self, request: Request, pk: str) -> Response:
        """Sign a draft: its content is frozen.

        With a declaration under your name and role. Send your password unless you signed in within the last minutes:
        403 `confirmation_required`.
        """
        report_id, given = self._id(Action.SIGN_REPORTS), self.given()
        confirm(request, given)
        return self._answer(life.sign(user_of(request), report_id, **given))

    @_act("not_signed")
    def publish(self, request: Request, pk: str) -> Response:
        """Publish a signed report, under the signature of this installation.

        403 `second_person_needed` where your organisation wants another person than the one who signed.
        """
        return self._answer(life.publish(user_of(request), self._id(Action.PUBLISH_REPORTS)))

    @_act("not_published", "draft_exists")
    def supersede(self, request: Request, pk: str) -> Response:
        """Make the draft of a supplementary version; the published one stays in force until that is published."""
        report_id = self._id()
        return self._answer(life.supersede(user_of(request), report_id, self.given()["reason"]))

    @_act("not_open")
    def withdraw(self, request: Request, pk: str) -> Response:
        """Withdraw what is not published yet."""
        return self._answer(life.withdraw(self._id(), self.given()["reason"]))

    @swagger_auto_schema(manual_parameters=[AS_CSV], responses={200: SchemeSerializer(many=True)})
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None, url_path="schemes")
    def all_schemes(self, request: Request) -> HttpResponseBase:
        """The reporting schemes, and whether each is binding."""
        return self._list(request, SchemeSerializer, list(schemes().values()), "schemes")

    @swagger_auto_schema(manual_parameters=[AS_CSV], responses={200: DueSerializer(many=True)})
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def due(self, request: Request) -> HttpResponseBase:
        """What is due next at each place of your organisations, and what blocks it."""
        organisations = Organisation.objects.filter(pk__in=organisations_of(request.user, Action.VIEW_REPORT_DRAFTS))
        return self._list(request, DueSerializer, due_reports(organisations, timezone.now().date()), "reports-due")

    def _list(self, request: Request, serializer: Any, rows: list[Any], name: str) -> HttpResponseBase:
        return list_response(request, list(serializer(rows, many=True).data), list(serializer().fields), name)


class VerifyView(ApiView):
    """Is a digest that of a published report? Open to all; it shows no figure."""

    authentication_classes = ()
    permission_classes = ()
    access = "public"
    throttle_scope = "login"

    @swagger_auto_schema(
        operation_id="compliance_verify",
        operation_summary="Verify a report by its digest",
        manual_parameters=[
            parameter("digest", "SHA-256 of the JSON file, hexadecimal", required=True, **{"x-example": "0" * 64})
        ],
        responses={200: VerifiedSerializer, 400: "invalid", 429: "too_many_requests"},
        security=[],
    )
    def get(self, request: Request) -> Response:
        digest = request.query_params.get("digest", "")
        if not digest:
            raise invalid("digest", "required", _("Send the SHA-256 of the JSON file as digest."))
        return Response(VerifiedSerializer(verify_digest(digest)).data)


class _OfOrganisation(WritingMixin, ScopedReadOnlyViewSet):
    """Of organisations whose reports the user makes."""

    actions = dict.fromkeys(("GET", "POST", "DELETE"), Action.MAKE_REPORTS)
    lookup_value_regex = "[0-9]{1,9}"

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(organisation__in=organisations_of(self.request.user, Action.MAKE_REPORTS))

    def organisation_of(self, given: dict[str, Any]) -> Organisation:
        return organisation_where(self.request.user, Action.MAKE_REPORTS, given.pop("organisation", None))


class BatchViewSet(_OfOrganisation):
    """Batches of reports: one act at all sites of an organisation, in the background."""

    queryset = ReportBatch.objects.order_by("-pk")
    serializer_class = BatchSerializer
    inputs: ClassVar = {"create": NewBatchSerializer}

    @swagger_auto_schema(responses={201: BatchSerializer, 409: "batch_running"})
    def create(self, request: Request) -> Response:
        """Begin a batch; its state says how far it is."""
        given, user = self.given(), user_of(request)
        organisation = self.organisation_of(given)
        act, scheme = given.pop("act"), given.pop("scheme")
        period = given.pop("period_start"), given.pop("period_end")
        if act == BatchAct.SIGN:
            confirm(request, given)
        given = {name: given[name] for name in ("name", "role") if name in given}
        return self.shown(tasks.submit(user, organisation, act, scheme, period, **given), 201)


class RecipientViewSet(_OfOrganisation):
    """Addresses to which published reports are mailed. Each mail has a link by which its reader leaves."""

    queryset = ReportRecipient.objects.order_by("pk")
    serializer_class = RecipientSerializer
    inputs: ClassVar = {"create": NewRecipientSerializer}

    @swagger_auto_schema(responses={201: RecipientSerializer, 409: "recipient_exists"})
    def create(self, request: Request) -> Response:
        """Add an address."""
        given = self.given()
        return self.shown(add_recipient(self.organisation_of(given), **given), 201)

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove an address."""
        self.get_object().delete()
        return Response(status=204)


def add_recipient(organisation: Organisation, **given: Any) -> ReportRecipient:
    """Raises ApiError 400 for a scheme, 409 `recipient_exists`."""
    if given.get("scheme") and given["scheme"] not in schemes():
        raise life.unknown_scheme(given["scheme"])
    try:
        with transaction.atomic():
            return ReportRecipient.objects.create(organisation=organisation, **given)
    except IntegrityError as error:
        raise ApiError(409, "recipient_exists", _("This address gets these reports already.")) from error
