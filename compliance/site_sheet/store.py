"""Store a sheet of sites: each row ends as created, already there or rejected, in one transaction.

Idempotent: what a row describes and what is there already is left as it is. A row that wants something else than is
stored is rejected, because a change of a site shows its effect on the past on its own page.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.grants import Grant
from accounts.invitations import InvitationState, invite, state_of
from accounts.models import PHONE, Invitation, Membership, User
from accounts.roles import Role
from compliance.choices import TargetScope, TargetStatus
from compliance.models import Target
from compliance.services import TargetInput, set_target
from compliance.site_sheet.columns import COLUMNS, CellProblem, SiteSheetRow
from factories.choices import SourceKind
from factories.models import Chimney, EmissionSource, Factory, Organisation
from factories.places import KnownPlace, find_places, plain_name
from factories.services import add_chimney, create_factory, require_in_use
from lib.errors import ApiError, FieldErrors, fields_of, invalid
from lib.phones import one_number

CREATED, ALREADY_THERE, REJECTED = "created", "already_there", "rejected"
_SITE = (
    "county location country sector altitude_m altitude_is_estimated latitude longitude time_zone day_starts_at "
    "mine_class boiler_capacity_kw"
).split()
_OF_SOURCES = {
    "mine_class": (SourceKind.MINE_METHANE, "mine_class"),
    "boiler_capacity_kw": (SourceKind.BOILER, "capacity_kw"),
}
_CHIMNEY = ("diameter_m", "width_m", "height_m", "velocity_profile_factor")
_TARGET = ("base_year", "base_value", "target_year", "target_value")
_RENAMED = {"name": "site", "phone": "manager_phone", "metric": "target_metric", "scope": "target_scope"}


@dataclass(slots=True)
class RowOutcome:
    """What became of a row. `does`: site, chimney, target, invitation; `notes` what a person should look at."""

    row: int
    site: str
    outcome: str = ALREADY_THERE
    does: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[CellProblem] = field(default_factory=list)


@dataclass(slots=True)
class SheetOutcome:
    """received = created + already there + rejected, in rows. `invitations`: the ids of those that were made."""

    is_dry_run: bool
    rows: list[RowOutcome] = field(default_factory=list)
    invitations: list[int] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        """The answer, as the API gives it and a task keeps it."""
        outcomes = Counter(row.outcome for row in self.rows)
        done = Counter(part for row in self.rows for part in row.does)
        return {
            "dry_run": self.is_dry_run,
            "received": len(self.rows),
            **{name: outcomes[name] for name in (CREATED, ALREADY_THERE, REJECTED)},
            **{f"{part}s": done[part] for part in ("site", "chimney", "target", "invitation")},
            "rows": [asdict(row) for row in self.rows],
            "invitation_ids": [] if self.is_dry_run else self.invitations,
        }


def store_rows(user: User, organisation: Organisation, rows: list[SiteSheetRow], *, dry_run: bool) -> SheetOutcome:
    """Do what the rows describe, in the caller's transaction; with `dry_run` take it all back.

    Locks the organisation, so that of the same sheet twice at once the second finds all there.
    """
    outcome = SheetOutcome(dry_run)
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        for row in rows:
            outcome.rows.append(_outcome_of(user, organisation, row, outcome))
        if dry_run:
            transaction.set_rollback(True)
    return outcome


def _outcome_of(user: User, organisation: Organisation, row: SiteSheetRow, sheet: SheetOutcome) -> RowOutcome:
    found = RowOutcome(row.number, row.site, errors=list(row.problems))
    made = len(sheet.invitations)
    try:
        if not found.errors:
            with transaction.atomic():
                _do_row(user, organisation, row, found, sheet)
    except ApiError as error:
        found.errors += _problems(row, error.fields or {"": [{"message": error.message}]})
    except ValidationError as error:
        found.errors += _problems(row, fields_of(error))
    if found.errors:
        found.outcome, found.does, found.notes = REJECTED, [], []
        del sheet.invitations[made:]
    elif found.does:
        found.outcome = CREATED
    return found


def _problems(row: SiteSheetRow, fields: FieldErrors) -> Iterator[CellProblem]:
    for name, errors in fields.items():
        column = _RENAMED.get(name, name)
        shown = str(row.values.get(column, ""))
        yield from (CellProblem(column if column in COLUMNS else "", shown, error["message"]) for error in errors)


def _do_row(user: User, organisation: Organisation, row: SiteSheetRow, found: RowOutcome, sheet: SheetOutcome) -> None:
    if "altitude_m" not in row.values:
        row.values.pop("altitude_is_estimated", None)  # the table of places says it
    factory = Factory.objects.filter(organisation=organisation, name__iexact=row.site).first()
    if factory is None:
        factory = _create_site(organisation, row, found)
        found.does.append("site")
    else:
        require_in_use(factory)
        _require_same(_given(row, _SITE), lambda name: _of_site(factory, name))
    _chimney(factory, row, found)
    _target(user, factory, row, found)
    _invitation(user, factory, row, found, sheet)


def _create_site(organisation: Organisation, row: SiteSheetRow, found: RowOutcome) -> Factory:
    fields = _given(row, _SITE)
    if "sector" not in fields:
        raise _refused("sector", _("Name the sector, like tea or coal_mine."))
    if "altitude_m" not in fields:
        country = fields.get("country", organisation.country)
        place = _place(row, country)
        fields |= {"altitude_m": place.altitude_m, "altitude_is_estimated": place.altitude_is_estimated}
        if "latitude" not in fields and "longitude" not in fields:
            fields |= {"latitude": place.latitude, "longitude": place.longitude}
        words = _("Altitude %(altitude)d m as of %(place)s (%(source)s): check it.")
        found.notes.append(words % {"altitude": place.altitude_m, "place": place.label, "source": place.source})
    return create_factory(organisation, name=row.site, **fields)


def _place(row: SiteSheetRow, country: str) -> KnownPlace:
    """The one place of the site's name, or of its location, whose altitude is known. Raises ApiError."""
    county = plain_name(row.values.get("county", ""))
    for name in (row.site, row.values.get("location", "")):
        near = [
            place
            for place in find_places(name, country=country)
            if plain_name(place.name) == plain_name(name)
            and place.altitude_m is not None
            and county in ("", plain_name(place.region))
        ]
        if len({(place.altitude_m, place.region) for place in near}) == 1:
            return near[0]
    words = _("The table of places does not have this altitude for certain: write it in metres.")
    raise _refused("altitude_m", words)


def _require_same(given: Mapping[str, Any], stored: Callable[[str], Sequence[Any]]) -> None:
    """A change of what is there shows its effect on the past, on its own page."""
    for column, value in given.items():
        if value not in stored(column):
            shown = ", ".join(str(one) for one in stored(column) if one not in (None, "")) or "-"
            words = _("Stored is %(stored)s: change it on its page, which shows the effect.")
            raise _refused(column, words % {"stored": shown})


def _refused(column: str, words: str) -> ApiError:
    return invalid(column, "refused", words)


def _given(row: SiteSheetRow, columns: Iterable[str]) -> dict[str, Any]:
    return {name: row.values[name] for name in columns if name in row.values}


def _of_site(factory: Factory, name: str) -> list[Any]:
    if name not in _OF_SOURCES:
        return [getattr(factory, name)]
    kind, column = _OF_SOURCES[name]
    return list(EmissionSource.objects.filter(factory=factory, kind=kind).values_list(column, flat=True))


def _chimney(factory: Factory, row: SiteSheetRow, found: RowOutcome) -> None:
    sizes = _given(row, _CHIMNEY)
    name = row.values.get("chimney", "")
    if not sizes and not name:
        return
    if not name:
        raise _refused("chimney", _("Name the chimney: by its name the sheet can be uploaded again."))
    stored = Chimney.objects.filter(factory=factory, name__iexact=name).first()
    if stored is None:
        add_chimney(factory, name, **sizes)
        found.does.append("chimney")
    else:
        _require_same(sizes, lambda column: [getattr(stored, column)])


def _target(user: User, factory: Factory, row: SiteSheetRow, found: RowOutcome) -> None:
    needed = ("target_metric", *_TARGET)
    values = _given(row, needed)
    if not values:
        return
    if missing := [name for name in needed if name not in values]:
        raise _refused(missing[0], _("A target needs its metric, and year and figure of both ends."))
    kind = {"metric": values.pop("target_metric"), "scope": row.values.get("target_scope", TargetScope.BOTH.value)}
    stored = Target.objects.filter(factory=factory, status=TargetStatus.IN_FORCE, **kind).first()
    if stored is None:
        set_target(user, factory.organisation, TargetInput(**kind, **values), factory=factory)
        found.does.append("target")
    else:
        _require_same(values, lambda name: [getattr(stored, name)])


def _invitation(user: User, factory: Factory, row: SiteSheetRow, found: RowOutcome, sheet: SheetOutcome) -> None:
    if "manager_phone" not in row.values:
        return
    phone = one_number(row.values["manager_phone"], [factory.country])
    if phone is None:
        raise _refused("manager_phone", str(PHONE.message))
    place: dict[str, Any] = {"organisation_id": factory.organisation_id, "factory_id": factory.pk}
    role = Role.FACTORY_MANAGER
    is_member = Membership.objects.filter(user__phone=phone, role=role, **place).exists()
    open_ones = Invitation.objects.filter(phone=phone, role=role, accepted_at=None, revoked_at=None, **place)
    if is_member or any(state_of(one) == InvitationState.OPEN for one in open_ones.select_related("invited_by")):
        return
    invitation, _token = invite(user, Grant(role=role, **place), phone=phone)
    sheet.invitations.append(invitation.pk)
    found.does.append("invitation")
