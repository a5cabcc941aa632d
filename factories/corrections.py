"""Changes that can reach figures of the past: what they make of them is shown first, and stored once that is confirmed.

Forms of the admin site, pages and the API share this. The change is made in a savepoint, each ledger reads its figures
before and after it, and the savepoint is rolled back. A confirmation is signed. It holds for an hour and for one
person, change and figures; otherwise the question is asked again.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.models import Factory
from lib.errors import AskedFirst

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)
# The hour before the running one is still being summed.
_SETTLES_WITHIN = timedelta(hours=1)
CONFIRM_WITHIN = timedelta(hours=1)
_SAME = 1e-6  # relative: less than a milligram a kilogram is rounding

# The fields of each model that decide figures.
DECIDES: dict[str, frozenset[str]] = {
    "Factory": frozenset("sector altitude_m time_zone day_starts_at".split()),
    "Chimney": frozenset(
        "shape diameter_m width_m height_m probe_position velocity_profile_factor traverse_ms traverse_probe_ms "
        "moisture_method moisture_fraction".split()
    ),
    "EmissionSource": frozenset("kind chimney fuels mine_class methane_per_t methane_unit first_day last_day".split()),
    "Assignment": frozenset(
        "device chimney valid_from valid_to is_of_record range_ppm co2_basis pressure_compensation".split()
    ),
    "Calibration": frozenset("device calibrated_at kind pressure_pa reference_ppm reading_ppm".split()),
}


@dataclass(frozen=True, slots=True)
class PastFigure:
    """A figure of the past under a change. `after` is None where it is known only once it has been computed again."""

    code: str
    label: str
    unit: str
    before: float
    after: float | None
    since: date  # the first day on which it changes
    site: str = ""  # of a change that reaches several sites; empty: of the one site, or of all together

    @property
    def is_changed(self) -> bool:
        return self.after is None or abs(self.after - self.before) > _SAME * max(abs(self.before), abs(self.after))

    @property
    def before_words(self) -> str:
        return f"{self.before:,.0f} {self.unit}".strip()

    @property
    def after_words(self) -> str:
        return _("computed again") if self.after is None else f"{self.after:,.0f} {self.unit}".strip()

    @property
    def sentence(self) -> str:
        label = _("%(site)s: %(label)s") % {"site": self.site, "label": self.label} if self.site else self.label
        shown = {"label": label, "day": self.since.isoformat(), "before": self.before_words, "after": self.after_words}
        if self.after is None:
            return _("%(label)s: %(before)s since %(day)s are computed again.") % shown
        return _("%(label)s: %(before)s since %(day)s become %(after)s.") % shown


class PastLedger(Protocol):
    """The figures of a site up to a moment, as they are stored or would be computed now."""

    def figures(self, after: Any) -> Iterable[PastFigure]:
        """What changes from this ledger to the one that was read after the change."""


_readers: list[Callable[[Factory, datetime], PastLedger]] = []


def reads_figures(reader: Callable[[Factory, datetime], Any]) -> None:
    """Rooms above this one say how their figures are read, when they start (`apps.py`)."""
    _readers.append(reader)


# --- Who confirms --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who makes a change, and the signed text by which that person confirms what it makes of the past."""

    user_id: int | None = None  # None: a program; it is asked and cannot confirm
    text: str = ""

    def told(self) -> tuple[datetime | None, str]:
        """The moment up to which figures are read again, since later ones keep coming in, and the digest of what is
        confirmed. None and empty for no text, a forged or older one, and that of another person."""
        try:
            told = signing.loads(self.text, salt=self._salt, max_age=CONFIRM_WITHIN)
        except signing.BadSignature:
            return None, ""
        return datetime.fromisoformat(told["until"]), told["digest"]

    def text_for(self, until: datetime, digest: str) -> str:
        if self.user_id is None:
            return ""
        return signing.dumps({"until": until.isoformat(), "digest": digest}, salt=self._salt, compress=True)

    @property
    def _salt(self) -> str:
        return f"factories.corrections.{self.user_id}"


NOBODY = Confirmation()


@dataclass(frozen=True, slots=True)
class PastEffect:
    """What a change makes of the past, and the text that confirms it."""

    figures: tuple[PastFigure, ...]
    confirm: str
    preface: str
    confirm_until: datetime = field(default_factory=lambda: timezone.now() + CONFIRM_WITHIN)

    @property
    def has_sites(self) -> bool:
        return any(figure.site for figure in self.figures)

    @property
    def sentences(self) -> list[str]:
        return [self.preface, *(figure.sentence for figure in self.figures), self.terms]

    @property
    def terms(self) -> str:
        return _("Only you can confirm this, within an hour.")

    def body(self) -> dict[str, Any]:
        """The answer of the API."""
        figures = [asdict(figure) for figure in self.figures]
        return {
            "confirm": self.confirm,
            "confirm_until": self.confirm_until,
            "message": " ".join(self.sentences),
            "figures": figures,
        }


class ConfirmationNeeded(AskedFirst):
    """The change is not stored: it reaches into the past, and nobody has confirmed what that does."""

    def __init__(self, effect: PastEffect) -> None:
        super().__init__(effect.body())
        self.effect = effect


# --- Changes ---------------------------------------------------------------------------------------
@transaction.atomic
def store(
    row: M, changes: Mapping[str, Any], *, confirm: Confirmation = NOBODY, together: Sequence[models.Model] = ()
) -> M:
    """Change a row of a site, or store a new one; `together`: changed rows that are saved before it, as one change.

    Raises ValidationError by field, and ConfirmationNeeded; then nothing is stored.
    """
    site = _site_of(row)
    lock_site(site)
    if row.pk is not None:
        row.refresh_from_db()
    for name, value in changes.items():
        setattr(row, name, value)
    begin = row._state.adding, row.pk

    def act() -> M:
        row._state.adding, row.pk = begin
        for one in together:
            one.save()
        row.full_clean()  # constraints of the row hold beside them
        row.save()
        return row

    rows: list[models.Model] = [*together, row]
    facts = [fact for one in rows for fact in _changes(one)]
    return act() if site is None else confirmed(site, act, facts, confirm=confirm)


def require_confirmed(row: models.Model, confirm: Confirmation) -> None:
    """Raise ConfirmationNeeded if storing the row would change figures of the past, and `confirm` is not about that."""
    site, begin = _site_of(row), (row._state.adding, row.pk)
    try:
        if site is not None:
            _ask(site, row.save, _changes(row), confirm)
    finally:
        row._state.adding, row.pk = begin


@transaction.atomic
def confirmed(site: Factory, act: Callable[[], T], facts: Sequence[object], *, confirm: Confirmation) -> T:
    """Do what changes a site in several rows. Raises ConfirmationNeeded, and then nothing is done.

    `act` runs twice, first in a savepoint that is rolled back: it reads itself what it changes. `facts` tell it from
    other acts.
    """
    lock_site(site)
    _ask(site, act, facts, confirm)
    return act()


def _ask(site: Factory, act: Callable[[], object], facts: Sequence[object], confirm: Confirmation) -> None:
    if not facts or site.pk is None:
        return  # a new site has no past
    settled = timezone.now().replace(minute=0, second=0, microsecond=0) - _SETTLES_WITHIN
    ask([site.pk, facts], lambda until: _figures(act, site, until), confirm, until=settled)


def ask(
    facts: list[object],
    figures: Callable[[datetime], Iterable[PastFigure]],
    confirm: Confirmation,
    *,
    until: datetime,
    preface: str = "",
) -> None:
    """Raise ConfirmationNeeded if figures up to a moment change, and `confirm` is not about that and `facts`."""
    told_until, told_digest = confirm.told()
    until = told_until or until
    changed = tuple(figure for figure in figures(until) if figure.is_changed)
    shown = [
        [one.site, one.code, round(one.before), one.after and round(one.after), one.since.isoformat()]
        for one in changed
    ]
    digest = hashlib.sha256(json.dumps([facts, shown]).encode()).hexdigest()
    if changed and told_digest != digest:
        words = preface or _("This reaches into the past.")
        raise ConfirmationNeeded(PastEffect(changed, confirm.text_for(until, digest), words))


def _changes(row: models.Model) -> list[list[str]]:
    """What decides figures and differs from what is stored: model, key, field, before, after."""
    kind, stored = type(row).__name__, type(row)._base_manager.filter(pk=row.pk).first()
    sides = {name: (getattr(stored, name, None), getattr(row, name)) for name in sorted(DECIDES.get(kind, ()))}
    return [
        [kind, str(row.pk), name, str(before), str(after)]
        for name, (before, after) in sides.items()
        if stored is None or before != after
    ]


def _site_of(row: Any) -> Factory | None:
    if isinstance(row, Factory):
        return row
    try:
        site: Factory = row.factory
    except ObjectDoesNotExist:
        return None
    return site


def lock_site(site: Factory | None) -> None:
    """Two changes of one site wait for each other, so the second is shown what the first one made."""
    if site is not None:
        Factory.objects.select_for_update(no_key=True).filter(pk=site.pk).first()


def _figures(act: Callable[[], object], site: Factory, until: datetime) -> list[PastFigure]:
    with transaction.atomic():
        before = [reader(site, until) for reader in _readers]
        act()
        after = [reader(site, until) for reader in _readers]
        transaction.set_rollback(True)
    return [figure for old, new in zip(before, after, strict=True) for figure in old.figures(new)]
