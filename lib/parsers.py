"""Reads the body of an API request: JSON in UTF-8, bounded in depth. Django bounds its size."""

import codecs
from math import isinf
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.utils import json

from lib.numbers import vanishes


def _exact_float(text: str) -> float:
    number = float(text)
    if isinf(number) or vanishes(text):
        raise ValueError(_("%(value)s is too large or too small for a number.") % {"value": text[:40]})
    return number


class Utf8JSONParser(parsers.JSONParser):
    """DRF decodes by the charset that the client names. Python's codecs include zlib, so a client could send a zip
    bomb."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text: Any = codecs.getreader("utf-8")(stream)
            return json.load(text, parse_constant=json.strict_constant, parse_float=_exact_float)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None
