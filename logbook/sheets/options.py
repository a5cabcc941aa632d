"""What a user can say about a sheet where its columns leave a question open: one table for API, command and page.

`auto` means that the whole column decides, and that the answer is a question where it does not.
"""

from enum import StrEnum


class TimeIs(StrEnum):
    AUTO = "auto"
    END = "end"
    START = "start"
    DAY = "day"


class DateOrder(StrEnum):
    AUTO = "auto"
    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class SwappedDays(StrEnum):
    AUTO = "auto"
    NO = "no"
    YES = "yes"


class EndIs(StrEnum):
    AUTO = "auto"
    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class DecimalMark(StrEnum):
    AUTO = "auto"
    POINT = "point"
    COMMA = "comma"


class UnitFrom(StrEnum):
    AUTO = "auto"
    SHEET = "sheet"
    GIVEN = "given"


class HiddenRows(StrEnum):
    AUTO = "auto"
    SKIP = "skip"
    READ = "read"


class SameTime(StrEnum):
    AUTO = "auto"
    SEPARATE = "separate"
    ONCE = "once"


class ValuesAre(StrEnum):
    AMOUNTS = "amounts"
    READINGS = "readings"


#: Parameter -> (its choices, the first one being the default; what it decides).
CHOICES: dict[str, tuple[type[StrEnum], str]] = {
    "time_is": (TimeIs, "a row's time: the end or start of its period, or a moment of the day that it fills"),
    "date_order": (DateOrder, "order of day and month in 03/04/2026; ymd for 26/04/03"),
    "swapped_days": (SwappedDays, "yes: a spreadsheet exchanged day and month of dates up to the 12th"),
    "end_is": (EndIs, "whether the last date of a period belongs to it"),
    "decimal_mark": (DecimalMark, "decimal mark of 2,070"),
    "unit_from": (UnitFrom, "the unit that counts where the sheet names another one than `unit`"),
    "hidden_rows": (HiddenRows, "rows that a workbook hides: left out or read"),
    "same_time": (SameTime, "rows of one period: each an entry of its own, or the same row twice"),
    "values_are": (ValuesAre, "amounts used, or readings of a register that counts up"),
}
#: Parameter -> what its text names.
NAMES: dict[str, str] = {
    "sheet": "sheet of a workbook, or all; default: the only one that has the columns",
    "clock_column": "column of times of day, where dates and times are in two columns",
    "from_column": "column where a row's period begins",
    "to_column": "column where a row's period ends",
    "reason": "why amounts that were imported before have changed; takes the new ones over",
}
