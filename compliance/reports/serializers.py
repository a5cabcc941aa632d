"""Shapes of reports in the API."""

from typing import Any

from rest_framework import serializers

from compliance.models import BatchAct, ComplianceReport, ReportBatch, ReportRecipient, Signature
from compliance.reports import entered
from compliance.schemes import schemes

PERIOD = {"period_start": "2026-01-01", "period_end": "2026-12-31"}


class FreeField(serializers.DictField):
    """Its keys are a scheme's, so the schema takes any."""

    class Meta:
        swagger_schema_fields = {"additionalProperties": True}


# --- In ---------------------------------------------------------------------------------------
class NewReportSerializer(serializers.Serializer[Any]):
    """A scheme, a place (a factory, or your whole organisation) and a period of whole months."""

    scheme = serializers.CharField(max_length=40, help_text="code; see /api/compliance/schemes/")
    factory = serializers.IntegerField(required=False, min_value=1, help_text="else the organisation")
    organisation = serializers.IntegerField(required=False, min_value=1, help_text="default: your first")
    period_start = serializers.DateField()
    period_end = serializers.DateField(help_text="last day")
    language = serializers.ChoiceField(choices=["en", "sw"], required=False)
    gwp_set = serializers.CharField(max_length=8, required=False, help_text="where the scheme leaves it open")

    class Meta:
        swagger_schema_fields = {"example": {"scheme": "ghg_protocol", "factory": 1, **PERIOD}}


class EnteredSerializer(serializers.Serializer[Any]):
    """Values by code of their field; an empty one is taken away, and the report says "not provided"."""

    values = serializers.DictField(child=serializers.CharField(allow_blank=True, allow_null=True, max_length=2000))

    class Meta:
        swagger_schema_fields = {"example": {"values": {"removals": "12.5"}}}


_SIGNATURE = {"name": "Ann Koech", "role": "Energy manager", "password": "carbontrack-demo"}


class SignSerializer(serializers.Serializer[Any]):
    """Your declaration that the report is complete and correct."""

    name = serializers.CharField(max_length=120)
    role = serializers.CharField(max_length=120, help_text="your function, as it stands in the report")
    digest = serializers.CharField(max_length=64, required=False, help_text="of the draft that you read")
    password = serializers.CharField(required=False, help_text="unless you signed in within the last minutes")
    code = serializers.CharField(max_length=20, required=False, help_text="of your second factor")

    class Meta:
        swagger_schema_fields = {"example": _SIGNATURE}


class ReportReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)

    class Meta:
        swagger_schema_fields = {"example": {"reason": "Two delivery notes of firewood came late."}}


class NewBatchSerializer(serializers.Serializer[Any]):
    """One act on the reports of all sites of an organisation that the scheme covers."""

    act = serializers.ChoiceField(choices=BatchAct.choices)
    scheme = serializers.CharField(max_length=40)
    organisation = serializers.IntegerField(required=False, min_value=1, help_text="default: your first")
    period_start = serializers.DateField()
    period_end = serializers.DateField(help_text="last day")
    name = serializers.CharField(max_length=120, required=False, help_text="to sign; likewise role")
    role = serializers.CharField(max_length=120, required=False)
    password = serializers.CharField(required=False, help_text="to sign, unless you signed in within the last minutes")
    code = serializers.CharField(max_length=20, required=False)

    class Meta:
        swagger_schema_fields = {"example": {"act": "draft", "scheme": "ghg_protocol", **PERIOD}}


# --- Out --------------------------------------------------------------------------------------
class SignatureSerializer(serializers.ModelSerializer[Signature]):
    class Meta:
        model = Signature
        fields: Any = ["name", "role", "declaration", "digest", "at"]
        ref_name = "Signature"


class ReportSerializer(serializers.ModelSerializer[ComplianceReport]):
    """A report. `target_met`: true, false, or null for not enough data."""

    factory_name = serializers.CharField(source="factory.name", default="")
    place = serializers.CharField()

    class Meta:
        model = ComplianceReport
        fields: Any = (
            "id organisation factory factory_name place scheme scheme_version period_start period_end version state "
            "total_emissions_kg target_met gwp_set language known_on digest supersedes reasons withdrawn_because "
            "is_simulated created_at published_at"
        ).split()
        read_only_fields = fields
        ref_name = "ComplianceReport"


class FindingSerializer(serializers.Serializer[Any]):
    """An error blocks the signature, a warning stands in the report."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["error", "warning"])
    sentence = serializers.CharField()
    minutes = serializers.IntegerField(help_text="about how long the fix takes")
    link = serializers.CharField(help_text="page of the fix; #entered: the entered values of this report")


class ReportDetailSerializer(ReportSerializer):
    """A report with its checks, entered values and signatures."""

    findings = FindingSerializer(many=True)
    entered: Any = serializers.SerializerMethodField(help_text="values by code of the field")
    proposals: Any = serializers.SerializerMethodField(help_text="of the last report, for fields that are blank")
    signatures = SignatureSerializer(many=True)
    signature = serializers.CharField(help_text="Ed25519 signature of `statement` by this installation, hexadecimal")
    public_key = serializers.CharField(source="key.public_key", default="")
    statement: Any = serializers.SerializerMethodField(help_text="what the installation signed, as text")

    class Meta(ReportSerializer.Meta):
        fields: Any = [
            *ReportSerializer.Meta.fields,
            *("findings", "entered", "proposals", "signatures", "statement", "signature", "public_key"),
        ]
        read_only_fields = fields
        ref_name = "ComplianceReportDetail"

    def get_entered(self, report: ComplianceReport) -> dict[str, str]:
        return dict(report.entered.values_list("field", "value"))

    def get_proposals(self, report: ComplianceReport) -> dict[str, str]:
        is_open = report.state == "draft" and report.scheme in schemes()
        return entered.proposals(report) if is_open else {}

    def get_statement(self, report: ComplianceReport) -> str:
        return bytes(report.statement or b"").decode()


class EnteredFieldSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label: Any = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.CharField()
    help = serializers.CharField()
    is_required = serializers.BooleanField()


class SchemeSerializer(serializers.Serializer[Any]):
    """A reporting scheme, with what it says of itself."""

    code = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    statement = serializers.CharField(help_text="binding for this product or voluntary, and since when")
    is_binding = serializers.BooleanField()
    levels = serializers.ListField(child=serializers.CharField(), help_text="site, organisation")
    sectors = serializers.ListField(child=serializers.CharField(), help_text="empty: all")
    country = serializers.CharField(help_text="empty: all")
    gwp_set = serializers.CharField(help_text="empty: the organisation's")
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    entered = EnteredFieldSerializer(many=True)


class DueSerializer(serializers.Serializer[Any]):
    """The last period of a scheme that is over at a place, and what stands between it and its publication."""

    scheme = serializers.CharField(source="scheme.code")
    factory = serializers.IntegerField(source="factory.pk", default=None, allow_null=True)
    period_start = serializers.DateField(source="first_day")
    period_end = serializers.DateField(source="last_day")
    due_on = serializers.DateField()
    is_done = serializers.BooleanField()
    report = serializers.IntegerField(source="report.pk", default=None, allow_null=True)
    state = serializers.CharField(source="report.state", default="")
    blocker = serializers.CharField(source="blocker.sentence", default="", help_text="the first error of its draft")
    minutes = serializers.IntegerField(source="blocker.minutes", default=None, allow_null=True)
    link = serializers.CharField(source="blocker.link", default="")


class VerifiedSerializer(serializers.Serializer[Any]):
    """What the signature of this installation says about a digest."""

    outcome = serializers.CharField(help_text="valid, superseded, unknown_digest, not_a_report, broken_signature")
    is_unchanged = serializers.BooleanField()
    digest = serializers.CharField()
    scheme = serializers.CharField(source="report.scheme", default="")
    place = serializers.CharField(source="report.place", default="")
    period_start = serializers.DateField(source="report.period_start", default=None, allow_null=True)
    period_end = serializers.DateField(source="report.period_end", default=None, allow_null=True)
    version = serializers.IntegerField(source="report.version", default=None, allow_null=True)
    published_at = serializers.DateTimeField(source="report.published_at", default=None, allow_null=True)
    superseded_by = serializers.CharField(source="in_force.digest", default="")


class BatchSerializer(serializers.ModelSerializer[ReportBatch]):
    """A batch; `done` sites have the outcome, and each other one is in `failures` with its reason."""

    failures = serializers.ListField(child=FreeField())

    class Meta:
        model = ReportBatch
        fields: Any = (
            "id organisation act scheme period_start period_end state done_count total_count done failures "
            "created_at finished_at"
        ).split()
        read_only_fields = fields
        ref_name = "ReportBatch"


class RecipientSerializer(serializers.ModelSerializer[ReportRecipient]):
    """An address to which published reports are mailed."""

    class Meta:
        model = ReportRecipient
        fields: Any = ["id", "organisation", "email", "scheme", "day_of_month", "attaches_pdf", "unsubscribed_at"]
        read_only_fields = fields
        ref_name = "ReportRecipient"


class NewRecipientSerializer(serializers.Serializer[Any]):
    organisation = serializers.IntegerField(required=False, min_value=1, help_text="default: your first")
    email = serializers.EmailField(max_length=254)
    scheme = serializers.CharField(max_length=40, required=False, allow_blank=True, help_text="empty: all")
    day_of_month = serializers.IntegerField(required=False, min_value=0, max_value=28, help_text="0: at once")
    attaches_pdf = serializers.BooleanField(required=False)

    class Meta:
        swagger_schema_fields = {"example": {"email": "buyer@example.com", "day_of_month": 5}}
