"""What a report says: gathers the inputs of a scheme, fills it, runs its checks, and writes canonical JSON.

The same inputs as known on a moment give the same bytes, at any later time. Verdicts on targets are not known as of a
moment: those of the draft are kept with the report and used again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation

from compliance import site_days, targets
from compliance.formats.json import canonical
from compliance.inventory.build import build
from compliance.models import ComplianceReport, Target
from compliance.reports.changes import causes_between, changes_between
from compliance.reports.checks import findings_of, stated
from compliance.reports.content import Content
from compliance.reports.evidence import evidence_of
from compliance.schemes import CheckFinding, ReportInputs, schemes
from energy.models import EmissionFactor
from factories.days import ONE_DAY, factory_day
from factories.models import Factory, Organisation
from lib import history
from lib.decimals import plain

Verdicts = dict[str, dict[str, Any]]
PLACE = "place"  # the verdict on the place of the report; others by factory


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class MadeReport:
    content: Content
    findings: tuple[CheckFinding, ...]
    verdicts: Verdicts

    @property
    def columns(self) -> dict[str, Any]:
        """Of `ComplianceReport`."""
        data, kg = canonical(self.content), self.content.total_emissions_kg
        return {
            "content": data,
            "digest": digest_of(data),
            "total_emissions_kg": None if kg is None else round(Decimal(kg), 6),
            "target_met": self.content.target_met,
            "is_simulated": self.content.is_simulated,
            "scheme_version": self.content.scheme_version,
            "verdicts": self.verdicts,
            "findings": [asdict(finding) for finding in self.findings],
        }


def rebuilt(report: ComplianceReport) -> bytes:
    """The content once more, with what was known when it was made: identical to what is stored."""
    kept = [CheckFinding(**one) for one in report.findings]
    return canonical(made(report, report.known_on, verdicts=report.verdicts, findings=kept).content)


def made(
    report: ComplianceReport,
    known_on: datetime,
    *,
    verdicts: Verdicts | None = None,
    findings: Sequence[CheckFinding] | None = None,
) -> MadeReport:
    """The report with what was known on a moment. With `verdicts` and `findings`: those instead of today's."""
    scheme = schemes()[report.scheme]
    sites = covered(report, known_on)
    judged = _judged(report, sites, known_on) if verdicts is None else verdicts
    with translation.override(report.language):
        inputs = _inputs(report, sites, known_on, judged)
        content = scheme.fill(inputs)
        findings = findings_of(scheme, inputs, content) if findings is None else findings
        content = replace(
            content,
            sections=(*content.sections, *stated(findings)),
            factors=content.factors or _factors(inputs),
            evidence=evidence_of(report, sites, known_on),
            changes=_changes(report, content, sites, known_on),
        )
    return MadeReport(content, tuple(findings), judged)


def _changes(
    report: ComplianceReport, content: Content, sites: list[Factory], known_on: datetime
) -> tuple[dict[str, Any], ...]:
    old = report.supersedes
    if old is None:
        return ()
    return (*changes_between(old, content), *causes_between(old, sites, known_on, report.gwp_set))


def covered(report: ComplianceReport, known_on: datetime) -> list[Factory]:
    """A site's report covers it; an organisation's all sites that were in use within the period. As they were known."""
    place: dict[str, Any] = {"pk": report.factory_id} if report.factory_id else {"organisation": report.organisation_id}
    [organisation] = history.rows(Organisation, known_on, pk=report.organisation_id)
    sites = history.rows(Factory, known_on, **place)
    for site in sites:
        site.organisation = organisation
    if report.factory_id is not None:
        return sites
    return [site for site in sites if site.archived_at is None or site.archived_at.date() > report.period_start]


def _inputs(report: ComplianceReport, sites: list[Factory], known_on: datetime, judged: Verdicts) -> ReportInputs:
    verdicts = {name: _read(verdict, known_on) for name, verdict in judged.items()}
    [organisation] = history.rows(Organisation, known_on, pk=report.organisation_id)
    return ReportInputs(
        organisation=organisation,
        factories=tuple(sites),
        factory=sites[0] if report.factory_id else None,
        first_day=report.period_start,
        end_day=report.end_day,
        inventory=build(sites, report.period_start, report.end_day, gwp_set=report.gwp_set, as_known_on=known_on),
        verdict=verdicts.get(PLACE),
        verdicts={int(name): verdict for name, verdict in verdicts.items() if name != PLACE},
        entered=dict(report.entered.values_list("field", "value")) if report.pk else {},
        language=report.language,
        known_on=known_on,
        is_simulated=settings.DEMO,
    )


def _factors(inputs: ReportInputs) -> tuple[dict[str, Any], ...]:
    """The rows of factors that went in: they are never overwritten."""
    ids = {pk for line in inputs.inventory.lines for pk in line.factor_ids}
    rows = EmissionFactor.objects.filter(pk__in=ids).select_related("energy_type").order_by("pk")
    return tuple(
        {
            "id": str(row.pk),
            "what": f"{row.energy_type.code} {row.gas}",
            "value": plain(row.value),
            "unit": row.unit,
            "source": row.source,
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat() if row.valid_to else "",
            "version": str(row.version),
        }
        for row in rows
    )


# --- Verdicts on targets ----------------------------------------------------------------------
def _judged(report: ComplianceReport, sites: list[Factory], known_on: datetime) -> Verdicts:
    """Of the twelve months to the end of the period, or to the moment before it."""
    if not sites:
        return {}
    site_days.refresh([site.pk for site in sites])
    ends_at = max(factory_day(site, report.end_day - ONE_DAY).ends_at for site in sites)
    at = min(known_on, ends_at)
    found: dict[str, targets.Verdict | None] = {str(pk): one for pk, one in targets.verdicts_of(sites, at).items()}
    of_place = found.get(str(report.factory_id)) if report.factory_id else None
    if report.factory_id is None:
        of_place = targets.verdict_of_organisation(report.organisation_id, at)
    return {name: _kept(one) for name, one in {**found, PLACE: of_place}.items() if one is not None}


def _kept(verdict: targets.Verdict) -> dict[str, Any]:
    return {
        "target": verdict.target.pk,
        "met": verdict.met,
        "reason": verdict.reason,
        "actual": None if verdict.actual is None else str(verdict.actual),
        "expected": str(verdict.expected),
        "first_day": verdict.first_day.isoformat(),
        "last_day": verdict.last_day.isoformat(),
        "logged_days": verdict.logged_days,
        "operating_days": verdict.operating_days,
    }


def _read(kept: Mapping[str, Any], known_on: datetime) -> targets.Verdict:
    [target] = history.rows(Target, known_on, pk=kept["target"])
    return targets.Verdict(
        target=target,
        met=kept["met"],
        reason=kept["reason"],
        actual=None if kept["actual"] is None else Decimal(kept["actual"]),
        expected=Decimal(kept["expected"]),
        first_day=date.fromisoformat(kept["first_day"]),
        last_day=date.fromisoformat(kept["last_day"]),
        logged_days=kept["logged_days"],
        operating_days=kept["operating_days"],
    )
