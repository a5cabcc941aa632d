"""Reads the body of an API request: JSON in UTF-8, bounded in depth. Django bounds its size."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class Utf8JSONParser(parsers.JSONParser):
    """DRF decodes by the charset that the client names. Python's codecs include zlib, so a client could send a zip
    bomb."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None
