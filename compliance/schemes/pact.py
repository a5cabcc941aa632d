"""PACT 3.0.0 JSON of a product footprint, and our own rules for it (`pact_rules.json`, with WBCSD's notice).

The specification's schema is not part of Carbon Track. What a buyer's system needs and nobody entered is an error that
names the field: nothing is filled in.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from compliance.reports.content import Content
from lib.decimals import plain
from science.combustion import CO2_PER_CARBON
from science.rounding import decimal_kg

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:carbon-track:product-footprint")
Rules = Mapping[str, Mapping[str, Any]]


class PactError(ValueError):
    """The document misses something that PACT requires, or has it in another form. `problems` names each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


@cache
def rules() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "pact_rules.json").read_text())
    return loaded


def export(content: Content, *, created: datetime, preceding: tuple[str, ...] = ()) -> dict[str, Any]:
    """The footprint of a report. The same content and time give the same document.

    Raises PactError with all that is missing.
    """
    values = {field.code: field.value for section in content.sections for field in section.fields}
    end = date.fromisoformat(content.period_end) + timedelta(days=1)
    uptake = _uptake(values)
    given: dict[str, Any] = {
        "id": str(uuid.uuid5(_NAMESPACE, f"{content.inputs_sha256} {content.place} {created.isoformat()}")),
        "specVersion": rules()["spec_version"],
        "precedingPfIds": list(preceding) or None,
        "created": f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "status": "Active",
        "comment": f"{content.statement} {values.get('left_out') or ''}".strip(),
        "declaredUnitOfMeasurement": "kilogram",
        "declaredUnitAmount": "1",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": f"{content.period_start}T00:00:00Z",
        "referencePeriodEnd": f"{end.isoformat()}T00:00:00Z",
        "geographyCountry": _only_country(values.get("geography")),
        "boundaryProcessesDescription": values.get("pcf.boundary"),
        "biogenicCO2Uptake": None if uptake is None else plain(uptake),
        "pcfIncludingBiogenicUptake": _including(values, uptake),
        "packagingEmissionsIncluded": False,
        "ipccCharacterizationFactors": [content.gwp_set],
        "crossSectoralStandards": ["ISO14067"],
    }
    document = _filled(rules()["footprint"], given, values)
    document["pcf"] = _filled(rules()["pcf"], given, values)
    if any(values.get(rule["from"]) for rule in rules()["dqi"].values()):
        document["pcf"]["dqi"] = _filled(rules()["dqi"], given, values)
    found = problems(document)
    if found:
        raise PactError(found)
    return document


def _filled(of: Rules, given: Mapping[str, Any], values: Mapping[str, str | None]) -> dict[str, Any]:
    document = {}
    for name, rule in of.items():
        value = values.get(rule["from"]) if "from" in rule else given.get(name)
        if value is not None:
            document[name] = [value] if rule.get("many") and isinstance(value, str) else value
    return document


def _uptake(values: Mapping[str, str | None]) -> Decimal | None:
    """CO2 that the product's biogenic carbon took up, below zero; None: the carbon is not provided."""
    carbon = values.get("biogenic_carbon")
    return None if carbon is None else decimal_kg(0 - Decimal(carbon) * CO2_PER_CARBON)


def _including(values: Mapping[str, str | None], uptake: Decimal | None) -> str | None:
    footprint = values.get("pcf")
    return None if footprint is None or uptake is None else plain(Decimal(footprint) + uptake)


def _only_country(geography: str | None) -> str | None:
    return geography if geography and len(geography) == 2 else None


# --- Our rules --------------------------------------------------------------------------------
def problems(document: Mapping[str, Any]) -> list[str]:
    """What the rules find wrong: missing, of another form, unknown."""
    pcf = document.get("pcf", {})
    own = {name: value for name, value in document.items() if name != "pcf"}
    found = [*_against(rules()["footprint"], own, "")]
    found += _against(rules()["pcf"], pcf, "pcf.")
    if "dqi" in pcf:
        found += _against(rules()["dqi"], pcf["dqi"], "pcf.dqi.")
    return found


def _against(of: Rules, document: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, rule in of.items():
        if name not in document:
            if rule.get("required"):
                source = f" ({rule['from']})" if "from" in rule else ""
                yield f"{path}{name}{source} is required and not provided"
            continue
        value = document[name]
        is_list = isinstance(value, list)
        if is_list != bool(rule.get("many")) or (is_list and (not value or len(set(value)) < len(value))):
            yield f"{path}{name} is not a list of different values" if rule.get("many") else f"{path}{name} is a list"
        elif not all(_fits(one, rule["kind"]) for one in (value if is_list else [value])):
            yield f"{path}{name}={value!r} is not of the form {rule['kind']}"
    for name in document.keys() - of.keys():
        yield f"{path}{name} is unknown"


def _fits(value: Any, kind: str) -> bool:
    if kind in ("yes_or_no", "dqi"):
        return isinstance(value, bool if kind == "yes_or_no" else dict)
    return isinstance(value, str) and re.fullmatch(rules()["kinds"][kind], value) is not None
