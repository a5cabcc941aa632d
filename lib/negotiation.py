"""Which form an answer takes: ours, whatever the Accept header names. An address has one form, or `?as=` says it."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation


class AnyAcceptNegotiation(DefaultContentNegotiation):
    """Who asks for text/csv with `?as=csv`, or for an image, would otherwise be told 406 by a list of JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
