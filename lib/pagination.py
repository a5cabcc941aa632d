"""How lists are cut into pages: numbered pages with a count, except readings, which go by cursor."""

from django.utils.translation import gettext as _
from rest_framework import pagination
from rest_framework.request import Request

from lib.errors import invalid

PAGE_SIZE = 100
LARGEST_PAGE = 1_000


class PageNumberPagination(pagination.PageNumberPagination):
    page_size = PAGE_SIZE
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        return page_size(request)


def page_size(request: Request) -> int:
    """`?page_size=`, at most the largest. Raises ApiError 400 for what is no number from 1."""
    asked = request.query_params.get("page_size", "") or str(PAGE_SIZE)
    if not (asked.isascii() and asked.isdecimal() and int(asked[:9])):
        raise invalid(
            "page_size",
            "out_of_range",
            _("page_size=%(value)r is not a whole number from 1 to %(limit)d.")
            % {"value": asked[:20], "limit": LARGEST_PAGE},
            value=asked[:20],
            limit=LARGEST_PAGE,
        )
    return min(int(asked[:9]), LARGEST_PAGE)
