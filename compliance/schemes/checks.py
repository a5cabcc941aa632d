"""Checks that several schemes share beside those of every report (`reports/checks.py`): instruments, factors, sets."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.inventory.lines import PUBLISHED_CO2E
from compliance.reports.content import Content
from compliance.schedule import bills_awaited
from compliance.schemes import Check, CheckFinding, CheckSeverity, EnteredField, ReportInputs
from devices.choices import CalibrationKind
from devices.models import Assignment, Calibration
from energy.models import EmissionFactor, EnergyEntry
from factories.models import Factory
from science.intensity import KNOWN_SHARE

_GOOD_SHARE = Decimal(str(KNOWN_SHARE))


def _warning(code: str, sentence: str, minutes: int, link: str = "") -> CheckFinding:
    return CheckFinding(code, CheckSeverity.WARNING, sentence, minutes, link)


def _edges(inputs: ReportInputs, factory: Factory) -> tuple[datetime, datetime]:
    first, end = (datetime.combine(day, time(0), factory.zone) for day in (inputs.first_day, inputs.end_day))
    return first, end


def emissions_unknown(inputs: ReportInputs) -> Iterator[CheckFinding]:
    words = _("Something that emits has no factor, so the total is too low: state the class of the mine.")
    for factory_id in sorted({row.factory_id for row in inputs.inventory.unknown}):
        link = reverse("setup-sources", args=[factory_id])
        yield CheckFinding("emissions_unknown", CheckSeverity.ERROR, words, 5, link)


def awaited_bills(inputs: ReportInputs) -> Iterator[CheckFinding]:
    bills = bills_awaited([factory.pk for factory in inputs.factories], inputs.known_on)
    words = _("%(site)s: the next bill of electricity is awaited until %(day)s.")
    for factory in inputs.factories:
        bill = bills.get(factory.pk)
        if bill is not None and bill.since < _edges(inputs, factory)[1] and inputs.known_on < bill.due_at:
            shown = {"site": factory.name, "day": date_format(bill.due_at.astimezone(factory.zone), "j F Y")}
            yield _warning("awaited_bill", words % shown, 5, reverse("log", args=[factory.pk]))


def low_coverage(inputs: ReportInputs) -> Iterator[CheckFinding]:
    """Of the chimney hours of a site that has sensors."""
    names = {factory.pk: factory.name for factory in inputs.factories}
    words = _("%(site)s: %(share)d %% of the chimney hours are measured or idle; a good record has 80 %%.")
    for row in inputs.inventory.completeness:
        known = row.hours.measured + row.hours.idle
        if row.hours.all and known < _GOOD_SHARE * row.hours.all:
            shown = {"site": names[row.factory_id], "share": 100 * known // row.hours.all}
            yield _warning("low_coverage", words % shown, 30, reverse("factory", args=[row.factory_id]))


def calibration_expired(inputs: ReportInputs) -> Iterator[CheckFinding]:
    """Zero or span of a device of record that ended before the period did."""
    words = _("%(device)s: the calibration (%(kind)s) ended on %(day)s, before the period did.")
    for factory in inputs.factories:
        _first, end = _edges(inputs, factory)
        of_record = Assignment.objects.filter(factory=factory, is_of_record=True, valid_from__lt=end)
        kinds = [CalibrationKind.ZERO, CalibrationKind.SPAN]
        rows = Calibration.objects.filter(
            device__in=of_record.values("device"), kind__in=kinds, calibrated_at__lt=end
        ).order_by("device_id", "kind", "-calibrated_at")
        for row in rows.distinct("device_id", "kind").select_related("device"):
            if row.valid_until is not None and row.valid_until < end:
                day, device_id = date_format(row.valid_until, "j F Y"), row.device.device_id
                shown = {"device": device_id, "kind": row.get_kind_display(), "day": day}
                yield _warning("calibration_expired", words % shown, 60, reverse("device-calibrate", args=[device_id]))


def moisture_not_stated(inputs: ReportInputs) -> Iterator[CheckFinding]:
    for factory in inputs.factories:
        first, end = _edges(inputs, factory)
        count = EnergyEntry.objects.filter(
            factory=factory, deleted_at=None, moisture_is_default=True, period_start__lt=end, period_end__gt=first
        ).count()
        if count:
            words = ngettext(
                "%(site)s: %(count)d entry of wood states no moisture; 30 %% is assumed.",
                "%(site)s: %(count)d entries of wood state no moisture; 30 %% is assumed.",
                count,
            )
            link = reverse("setup-place", args=[factory.pk])
            yield _warning("moisture_not_stated", words % {"site": factory.name, "count": count}, 10, link)


def no_geometry(inputs: ReportInputs) -> Iterator[CheckFinding]:
    rows = Assignment.objects.filter(factory__in=inputs.factories, is_of_record=True, chimney__shape="")
    words = _("%(chimney)s: the inner dimensions are not stated, so its readings have no mass.")
    for row in rows.filter(chimney__archived_at=None).select_related("chimney__factory"):
        link = reverse("setup-chimney", args=[row.factory_id, row.chimney_id])
        yield _warning("no_geometry", words % {"chimney": row.chimney}, 10, link)


def unconfirmed_factors(inputs: ReportInputs) -> Iterator[CheckFinding]:
    """Factors with mark K or C: not read in their source."""
    ids = {pk for line in inputs.inventory.lines for pk in line.factor_ids}
    rows = EmissionFactor.objects.filter(pk__in=ids, confidence__regex="[KC]")
    names = sorted(set(rows.values_list("energy_type__code", flat=True)))
    if names:
        words = _("Factors that wait for confirmation (mark K or C): %(names)s.")
        yield _warning("unconfirmed_factors", words % {"names": ", ".join(names)}, 30)


def mixed_sets(inputs: ReportInputs) -> Iterator[CheckFinding]:
    """Sums that their publisher made in another set, and electricity factors of two bases."""
    lines, gwp_set = inputs.inventory.lines, inputs.inventory.gwp_set
    other = {line.gwp_set for line in lines if line.gas == PUBLISHED_CO2E} - {"", gwp_set}
    if other:
        words = _("Some factors are published as CO2e in %(others)s; the report uses %(set)s.")
        yield _warning("mixed_gwp", words % {"others": ", ".join(sorted(other)), "set": gwp_set}, 0)
    ids = {pk for line in lines if line.scope == 2 for pk in line.factor_ids}
    if EmissionFactor.objects.filter(pk__in=ids).values("basis").distinct().order_by().count() > 1:
        words = _("Electricity is valued by direct and by life-cycle factors; choose one basis.")
        yield _warning("mixed_scope_2", words, 10, reverse("organisation-settings"))


def no_base_year(inputs: ReportInputs) -> Iterator[CheckFinding]:
    if inputs.verdict is None:
        words = _("No target is set, so the report states no base year.")
        yield _warning("no_base_year", words, 5, reverse("target-new"))


def neither_stated(fields: Iterable[EnteredField]) -> Check:
    """Of optional categories: each is disclosed, or left out with a reason."""
    by_code = {field.code: field for field in fields}
    pairs = [(field, f"{code}.reason") for code, field in by_code.items() if f"{code}.reason" in by_code]

    def check(inputs: ReportInputs) -> Iterator[CheckFinding]:
        found = [str(field.label) for field, reason in pairs if not {field.code, reason} & inputs.entered.keys()]
        if found:
            words = _("Neither disclosed nor left out with a reason: %(names)s.") % {"names": "; ".join(found)}
            yield _warning("neither_stated", words, 3 * len(found), "#entered")

    return check


def differing_sums(content: Content) -> Iterator[str]:
    """Codes of totals that are not the exact sum of their parts."""
    fields = {field.code: field for section in content.sections for field in section.fields}
    for field in fields.values():
        if field.sum_of and field.value is not None:
            parts = [fields[code].value for code in field.sum_of]
            if sum((Decimal(part) for part in parts if part is not None), Decimal(0)) != Decimal(field.value):
                yield field.code


CHECKS = (
    emissions_unknown,
    awaited_bills,
    low_coverage,
    calibration_expired,
    moisture_not_stated,
    no_geometry,
    unconfirmed_factors,
    mixed_sets,
    no_base_year,
)
