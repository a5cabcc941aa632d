"""Converts the times of a sheet into periods: midnight, start or end, zone, clock changes, length of a row, columns of
from and to.

Pure: no database. How one time is read is in `moments.py`. Two problems have a rule here. 1. `00:00` with the date of
the day that it ends: the neighbours in the file decide. 2. An hour that a clock change repeats or skips: the order in
the file separates the first from the second; a time that did not exist is an error.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _

from logbook.periods import LONGEST
from logbook.sheets.moments import DAY, Moment, read_moments
from logbook.sheets.options import DateOrder, EndIs, SwappedDays, TimeIs
from logbook.sheets.questions import Ask, SheetError, SheetQuestion, refuse
from logbook.sheets.read import Cell, Problem

_LONGEST_INTERVAL = timedelta(days=1)
_LONGEST_DAY = timedelta(hours=25)
_MIDNIGHT = time()
_LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Slot:
    """The half-open period of one row, aware."""

    start: datetime
    end: datetime


DayOf = Callable[[date], Slot]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What holds for all times of a sheet. `day_of` gives the period of a date without a time.

    `is_of_acts`: a row is a delivery or a fill, so a date alone means that day, whatever the spacing of the rows.
    """

    zone: ZoneInfo
    day_of: DayOf
    time_is: TimeIs = TimeIs.AUTO
    date_order: DateOrder = DateOrder.AUTO
    swapped_days: SwappedDays = SwappedDays.AUTO
    end_is: EndIs = EndIs.AUTO
    interval: timedelta | None = None
    is_of_acts: bool = False
    ask: Ask = refuse

    # --- One column ----------------------------------------------------------------------------
    def periods(self, cells: Sequence[Cell]) -> list[Slot | Problem]:
        """The period of each cell, or its problem, in the order of the file.

        Asks when the column does not show the order of day and month, what its times are of their periods, or how
        long these are. Raises SheetError for one that contradicts itself.
        """
        moments = self._read(cells, may_be_months=True)
        if any(isinstance(moment, Moment) and moment.is_month for moment in moments):
            return self._months(moments)
        time_is = self._settled(moments)
        instants = _instants(moments, self.zone)
        there = [moment for moment in moments if isinstance(moment, Moment)]
        interval = self.interval
        if interval is None and time_is is not TimeIs.DAY:
            usual, is_regular = _spacing([instant for instant in instants if isinstance(instant, datetime)])
            dates_only = all(moment.is_date for moment in there)
            if dates_only and (self.is_of_acts or usual is None or usual <= _LONGEST_DAY):
                time_is = TimeIs.DAY
            elif dates_only:
                return self._between_dates(moments)
            elif self.time_is is TimeIs.AUTO and not is_regular:
                time_is = self._asked_for_day()
            interval = usual
        if time_is is not TimeIs.DAY and (interval is None or interval > _LONGEST_INTERVAL):
            raise SheetError(
                _(
                    "The rows do not show how long a period is (at most a day): give interval_min, its length in "
                    "minutes."
                ),
                "interval_min",
            )
        return [
            self._slot(moment, instant, time_is, interval) for moment, instant in zip(moments, instants, strict=True)
        ]

    def instants(self, cells: Sequence[Cell]) -> list[datetime | Problem]:
        """The moment of each cell; a date alone is the start of its day."""
        moments = self._read(cells)
        if any(isinstance(moment, Moment) and not moment.is_date for moment in moments):
            _settle_midnights(moments)
        instants = _instants(moments, self.zone)
        return [
            self.day_of(moment.wall.date()).start if isinstance(moment, Moment) and moment.is_date else instant
            for moment, instant in zip(moments, instants, strict=True)
        ]

    def _read(self, cells: Sequence[Cell], *, may_be_months: bool = False) -> list[Moment | Problem]:
        read = read_moments(cells, date_order=self.date_order, swapped_days=self.swapped_days, ask=self.ask)
        if may_be_months:
            return read
        no_day = Problem(_("names a month where a day is needed; write it like 2026-11-22"))
        return [no_day if isinstance(one, Moment) and one.is_month else one for one in read]

    def _months(self, moments: Sequence[Moment | Problem]) -> list[Slot | Problem]:
        """The calendar months that the cells name; a day among them is a problem."""
        slots: list[Slot | Problem] = []
        for moment in moments:
            if isinstance(moment, Problem):
                slots.append(moment)
            elif moment.is_month:
                first = moment.wall.date()
                slots.append(Slot(self.day_of(first).start, self.day_of(first + relativedelta(months=1)).start))
            else:
                words = _(
                    "The times are mixed: some name a month and some a day. Nothing was stored; correct the column."
                )
                raise SheetError(words, "time_column")
        return slots

    def _slot(
        self, moment: Moment | Problem, instant: datetime | Problem, time_is: TimeIs, interval: timedelta | None
    ) -> Slot | Problem:
        if isinstance(moment, Problem):
            return moment
        if isinstance(instant, Problem):
            return instant
        if moment.is_date or interval is None or time_is is TimeIs.DAY:
            return self.day_of(self._local(moment).date())
        return Slot(instant - interval, instant) if time_is is TimeIs.END else Slot(instant, instant + interval)

    def _local(self, moment: Moment) -> datetime:
        return moment.wall if moment.wall.tzinfo is None else moment.wall.astimezone(self.zone)

    # --- What a time is of its period ----------------------------------------------------------
    def _settled(self, moments: list[Moment | Problem]) -> TimeIs:
        """What the column's times are, after moving each 00:00 to the day that it means."""
        there = [moment for moment in moments if isinstance(moment, Moment)]
        are_midnights = all(moment.is_date or self._local(moment).time() == _MIDNIGHT for moment in there)
        if self.interval is None and are_midnights and self.time_is is not TimeIs.END:
            # A program wrote dates as times: where all are midnight, they are dates.
            for moment in there:
                moment.is_date = True
            return self.time_is
        if all(moment.is_date for moment in there):
            return self.time_is
        for moment in there:
            moment.is_date = self.time_is is TimeIs.DAY  # beside times, a date alone is its midnight
        if self.time_is in (TimeIs.START, TimeIs.DAY):
            return self.time_is
        ends_its_date = _settle_midnights(moments)
        if self.time_is is TimeIs.END or ends_its_date:
            return TimeIs.END
        return _of_whole_days(there) or self._asked(there)

    def _asked(self, moments: Sequence[Moment]) -> TimeIs:
        usual, is_regular = _spacing([moment.wall.replace(tzinfo=None) for moment in moments])
        if not is_regular or (self.is_of_acts and usual is None):
            return self._asked_for_day()
        words = _("The times do not show whether they are the end or the start of what a row counts: give time_is.")
        answer: TimeIs = self.ask(SheetQuestion("time_is", "start_or_end", words, (TimeIs.END, TimeIs.START)))
        return answer

    def _asked_for_day(self) -> TimeIs:
        if self.is_of_acts:
            return TimeIs.DAY
        words = _(
            "The rows are at no regular times: does each belong to its day, or is its time the end or the start of a "
            "period? Give time_is."
        )
        choices = (TimeIs.DAY, TimeIs.END, TimeIs.START)
        answer: TimeIs = self.ask(SheetQuestion("time_is", "irregular_times", words, choices))
        return answer

    # --- Dates further apart than a day --------------------------------------------------------
    def _between_dates(self, moments: Sequence[Moment | Problem]) -> list[Slot | Problem]:
        """Each row fills the time until the next date, or since the date before it."""
        days = sorted({moment.wall.date() for moment in moments if isinstance(moment, Moment)})
        time_is = self.time_is
        if time_is is TimeIs.AUTO:
            words = _(
                "The dates are %(days)d days apart: does a row end on its date, start on it, or fill that day alone? "
                "Give time_is, or the columns of from and to."
            )
            params = {"days": (days[1] - days[0]).days}
            choices = (TimeIs.END, TimeIs.START, TimeIs.DAY)
            time_is = self.ask(SheetQuestion("time_is", "dates_apart", words % params, choices, params))
        if time_is is TimeIs.DAY:
            return [m if isinstance(m, Problem) else self.day_of(m.wall.date()) for m in moments]
        shift = DAY if time_is is TimeIs.END and self._ends_belong([], days) else timedelta()
        edges = [day + shift for day in days]
        if step := _step(edges):
            edges = [edges[0] - step, *edges] if time_is is TimeIs.END else [*edges, edges[-1] + step]
        before = {day: at - (time_is is TimeIs.END) for at, day in enumerate(edges)}
        slots: list[Slot | Problem] = []
        for moment in moments:
            if isinstance(moment, Problem):
                slots.append(moment)
            elif 0 <= (at := before[moment.wall.date() + shift]) < len(edges) - 1:
                slots.append(_checked(self.day_of(edges[at]).start, self.day_of(edges[at + 1]).start))
            else:
                slots.append(Problem(_("has no row beside it that shows how long its period is")))
        return slots

    # --- Columns of from and to ----------------------------------------------------------------
    def between(self, froms: Sequence[Cell], tos: Sequence[Cell]) -> list[Slot | Problem]:
        """The period of each row that has its start and its end. Asks whether the last date belongs to it.

        Both columns are one for the order of day and month.
        """
        both = self._read([cell for pair in zip(froms, tos, strict=True) for cell in pair])
        moments = list(zip(both[::2], both[1::2], strict=True))
        whole = [(a, b) for a, b in moments if isinstance(a, Moment) and isinstance(b, Moment)]
        pairs = [(a.wall.date(), b.wall.date()) for a, b in whole if a.wall.date() <= b.wall.date()]
        has_last_day = False
        if pairs and all(_is_day(end) for _start, end in whole):
            has_last_day = self._ends_belong(*map(list, zip(*pairs, strict=True)))
        starts, ends = (_instants(list(column), self.zone) for column in zip(*moments, strict=True))
        slots: list[Slot | Problem] = []
        for (first, last), start, end in zip(moments, starts, ends, strict=True):
            problem = next((part for part in (first, last, start, end) if isinstance(part, Problem)), None)
            if problem is not None:
                slots.append(problem)
                continue
            slots.append(_checked(self._edge(first, start), self._edge(last, end, is_inside=has_last_day)))
        return slots

    def _edge(self, moment: Moment | Problem, instant: datetime | Problem, *, is_inside: bool = False) -> datetime:
        assert isinstance(moment, Moment)
        assert isinstance(instant, datetime)
        if _is_day(moment) and moment.wall.tzinfo is None:
            day = self.day_of(moment.wall.date())
            return day.end if is_inside else day.start
        if moment.wall.time().replace(second=0) == _LAST_MINUTE:  # the last one of a day that belongs to the period
            return instant.replace(second=0) + timedelta(minutes=1)
        return instant

    def _ends_belong(self, starts: Sequence[date], ends: Sequence[date]) -> bool:
        """Whether the last date of a period belongs to it: the next row's start decides, or the ends of months."""
        if self.end_is is not EndIs.AUTO:
            return self.end_is is EndIs.INCLUSIVE
        begun = set(starts)
        of_one_day = set(starts) & {end for start, end in zip(starts, ends, strict=False) if start == end}
        inclusive = {end for end in ends if end + DAY in begun} | of_one_day
        exclusive = {end for end in ends if end in begun} - of_one_day
        if bool(inclusive) != bool(exclusive):
            return bool(inclusive)
        if not inclusive and (not begun or {day.day for day in begun} == {1}):
            if all((end + DAY).day == 1 for end in ends):
                return True
            if {end.day for end in ends} == {1}:
                return False
        words = _("The dates do not show whether the last one, like %(day)s, belongs to the period: give end_is.")
        params = {"day": f"{ends[0]:%Y-%m-%d}"}
        choices = (EndIs.INCLUSIVE, EndIs.EXCLUSIVE)
        return bool(self.ask(SheetQuestion("end_is", "last_day", words % params, choices, params)) is EndIs.INCLUSIVE)


def calendar_day(day: date, zone: ZoneInfo) -> Slot:
    start, end = (datetime.combine(midnight, _MIDNIGHT, zone).astimezone(UTC) for midnight in (day, day + DAY))
    return Slot(start, end)


def _checked(start: datetime, end: datetime) -> Slot | Problem:
    if start >= end:
        return Problem(_("ends before it begins; check from and to"))
    if end - start > LONGEST:
        words = _("has %(days)d days, more than %(limit)d; split it")
        return Problem(words % {"days": (end - start).days, "limit": LONGEST.days})
    return Slot(start, end)


def _step(days: Sequence[date]) -> timedelta | relativedelta | None:
    """The one spacing of all dates: days, or months."""
    gaps = {b - a for a, b in pairwise(days)}
    if len({day.day for day in days}) == 1 and all(28 <= gap.days <= 31 for gap in gaps):
        return relativedelta(months=1)
    return gaps.pop() if len(gaps) == 1 else None


def _is_day(moment: Moment) -> bool:
    return moment.is_date or (moment.wall.time() == _MIDNIGHT and moment.wall.tzinfo is None)


# --- Midnight, zone, spacing -------------------------------------------------------------------
def _settle_midnights(moments: Sequence[Moment | Problem]) -> bool:
    """Move a 00:00 at the end of its date to the next day, if that brings it nearer to its neighbour in the file.

    Returns whether any time is one that ends its date, 24:00 included.
    """
    moved = []
    for i, moment in enumerate(moments):
        if isinstance(moment, Problem) or moment.ends_its_date or moment.wall.time() != _MIDNIGHT:
            continue
        neighbour = _neighbour(moments, i)
        if neighbour is None or (neighbour.tzinfo is None) != (moment.wall.tzinfo is None):
            continue
        if abs(moment.wall + DAY - neighbour) < abs(moment.wall - neighbour):
            moved.append(moment)
    for moment in moved:
        moment.wall, moment.ends_its_date = moment.wall + DAY, True
    return any(isinstance(moment, Moment) and moment.ends_its_date for moment in moments)


def _neighbour(moments: Sequence[Moment | Problem], i: int) -> datetime | None:
    """The nearest time in the file, as printed, that is not midnight; the time before comes first."""
    for j in (*range(i - 1, max(i - 4, -1), -1), *range(i + 1, min(i + 4, len(moments)))):
        other = moments[j]
        if isinstance(other, Moment) and other.wall.time() != _MIDNIGHT:
            return other.wall
    return None


def _of_whole_days(moments: Sequence[Moment]) -> TimeIs | None:
    """Start or end, where only one of them makes the rows fill whole days from the first to the last."""
    walls = [moment.wall.replace(tzinfo=None) for moment in moments]
    usual, _is_regular = _spacing(walls)
    if usual is None:
        return None
    first, last = min(walls), max(walls)
    are_starts = first.time() == _MIDNIGHT and (last + usual).time() == _MIDNIGHT
    are_ends = (first - usual).time() == _MIDNIGHT and last.time() == _MIDNIGHT
    if are_starts == are_ends:
        return None
    return TimeIs.START if are_starts else TimeIs.END


def _instants(moments: Sequence[Moment | Problem], zone: ZoneInfo) -> list[datetime | Problem]:
    walls = [moment.wall for moment in moments if isinstance(moment, Moment)]
    if len(walls) > 1 and walls[-1].replace(tzinfo=None) < walls[0].replace(tzinfo=None):  # the newest row stands first
        return _in_order(moments[::-1], zone)[::-1]
    return _in_order(moments, zone)


def _in_order(moments: Sequence[Moment | Problem], zone: ZoneInfo) -> list[datetime | Problem]:
    """The oldest row first, but for the hour that a clock repeats."""
    instants: list[datetime | Problem] = []
    before: datetime | None = None
    for moment in moments:
        if isinstance(moment, Problem):
            instants.append(moment)
            continue
        instant = _instant(moment.wall, zone, before)
        if isinstance(instant, datetime):
            before = instant
        instants.append(instant)
    return instants


def _instant(wall: datetime, zone: ZoneInfo, before: datetime | None) -> datetime | Problem:
    try:
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        first = wall.replace(tzinfo=zone).astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) != wall:
            return Problem(
                _("did not exist in %(zone)s: the clock was set forward then; check the zone") % {"zone": zone.key}
            )
        second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        return Problem(_("cannot be read as a time; write it like 2026-11-22 06:15 or 22/11/2026 06:15"))
    # The hour that the clock repeats: the file has the first pass before the second.
    return second if second != first and before is not None and before >= first else first


def _spacing(instants: Sequence[datetime]) -> tuple[timedelta | None, bool]:
    """The spacing that most rows have, and whether at least half of them have it; of two different ones neither is."""
    gaps = Counter(b - a for a, b in pairwise(sorted(set(instants))))
    if not gaps:
        return None, True
    usual = min(gaps, key=lambda gap: (-gaps[gap], gap))
    return usual, len(gaps) == 1 or (gaps[usual] > 1 and 2 * gaps[usual] >= gaps.total())
