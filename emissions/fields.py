"""Column types that Django has no field for: 4-byte floats and multiranges."""

from django.db import models


class RealField(models.FloatField):
    """A 4-byte float: seven digits, more than any sensor here gives, in half the space of a double."""

    def db_type(self, connection: object) -> str:
        return "real"


class Int8MultiRangeField(models.TextField):
    """A set of whole-number ranges, read and written as PostgreSQL's text form: `{[1,5),[7,9)}`."""

    def db_type(self, connection: object) -> str:
        return "int8multirange"
