"""The format of an answer. Each address has one format, or `?as=` chooses it; the Accept header is ignored."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation


class AnyAcceptNegotiation(DefaultContentNegotiation):
    """Otherwise a request for text/csv with `?as=csv`, or for an image, would get 406 from a list of JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
