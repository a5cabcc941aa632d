"""Shapes of verifications, findings, disputes and links in the API."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from compliance.models import AuditFinding, Dispute, DisputeOutcome, DisputeSubject, Opinion, ReportLink, Verification
from compliance.verification.disputes import days_left
from compliance.verification.links import LONGEST_DAYS
from compliance.verification.room import LARGEST_SAMPLE
from lib.times import MomentField


class AuditFindingSerializer(serializers.ModelSerializer[AuditFinding]):
    found_by = serializers.CharField()
    answered_by = serializers.CharField(allow_null=True)

    class Meta:
        model = AuditFinding
        fields = "id figure text effect_kg found_by found_at answer answered_by answered_at closed_at".split()


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    """The sample is drawn again from `seed`, `sample_size` and the records: docs/verification.md says how."""

    report = serializers.IntegerField(source="report_id")
    auditor = serializers.CharField()
    sample = serializers.ListField(child=serializers.CharField(), help_text="figures, in the order of the draw")
    population = serializers.DictField(child=serializers.IntegerField(), help_text="records by kind")
    findings = AuditFindingSerializer(many=True)

    class Meta:
        model = Verification
        fields = (
            "report auditor opened_at materiality_pct seed sample_size population sample findings opinion "
            "opinion_text body opined_at"
        ).split()


class MaterialitySerializer(serializers.Serializer[Any]):
    materiality_pct = serializers.DecimalField(
        max_digits=4, decimal_places=1, min_value=Decimal("0.1"), max_value=Decimal(20)
    )

    class Meta:
        swagger_schema_fields = {"example": {"materiality_pct": "5.0"}}


class DrawSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField(min_value=1, max_value=LARGEST_SAMPLE, help_text="records of each kind")
    seed = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="default: a random one")

    class Meta:
        swagger_schema_fields = {"example": {"size": 25, "seed": "kericho 2026"}}


class NewFindingSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)
    figure = serializers.CharField(max_length=1000, required=False, allow_blank=True, help_text="its identity, if one")
    effect_kg = serializers.DecimalField(max_digits=20, decimal_places=6, required=False, allow_null=True)

    class Meta:
        swagger_schema_fields = {"example": {"text": "The bill of 3 November is missing.", "effect_kg": "412"}}


class AnswerSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)

    class Meta:
        swagger_schema_fields = {"example": {"text": "The bill is added as evidence."}}


class OpinionSerializer(serializers.Serializer[Any]):
    opinion = serializers.ChoiceField(choices=Opinion.choices)
    text = serializers.CharField(max_length=4000)
    body = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="with accreditation")

    class Meta:
        swagger_schema_fields = {"example": {"opinion": "unmodified", "text": "25 records of each kind were traced."}}


# --- Disputes ----------------------------------------------------------------------------------
class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    factory = serializers.IntegerField(source="factory_id")
    device = serializers.CharField(source="device.device_id", default=None, allow_null=True)
    opened_by = serializers.CharField()
    decided_by = serializers.CharField(allow_null=True)
    days_left = serializers.SerializerMethodField(help_text="until an answer is due; negative: late; null: decided")

    class Meta:
        model = Dispute
        fields = (
            "id factory subject device period_start period_end statement opened_by opened_at due_on days_left outcome "
            "decision decided_by decided_at"
        ).split()

    def get_days_left(self, dispute: Dispute) -> int | None:
        return days_left(dispute, timezone.now())


class NewDisputeSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    subject = serializers.ChoiceField(choices=DisputeSubject.choices)
    device = serializers.CharField(max_length=64, required=False, help_text="where readings are contested")
    period_start = MomentField()
    period_end = MomentField(help_text="exclusive")
    statement = serializers.CharField(max_length=4000)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "factory": 1,
                "subject": "readings",
                "device": "litein-1",
                "period_start": "2026-11-20T06:00:00Z",
                "period_end": "2026-11-20T07:00:00Z",
                "statement": "The sample line was open while the stack was swept; the photo shows it.",
            }
        }


class DecisionSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=DisputeOutcome.choices)
    decision = serializers.CharField(max_length=4000)

    class Meta:
        swagger_schema_fields = {"example": {"outcome": "rejected", "decision": "The photo is of another day."}}


# --- Links -------------------------------------------------------------------------------------
class ReportLinkSerializer(serializers.ModelSerializer[ReportLink]):
    created_by = serializers.CharField()
    revoked_by = serializers.CharField(allow_null=True)

    class Meta:
        model = ReportLink
        fields = "id label expires_at created_by created_at revoked_by revoked_at opened_count last_opened_at".split()


class NewLinkSerializer(serializers.Serializer[Any]):
    label: Any = serializers.CharField(max_length=120, help_text="for whom")
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS)

    class Meta:
        swagger_schema_fields = {"example": {"label": "Tea buyer in Hamburg", "days": 90}}


class LinkMadeSerializer(ReportLinkSerializer):
    url = serializers.CharField(help_text="shown this once")

    class Meta(ReportLinkSerializer.Meta):
        fields = [*ReportLinkSerializer.Meta.fields, "url"]
