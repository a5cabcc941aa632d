"""How lists are cut into pages: numbered pages with a count, except readings, which go by cursor."""

from rest_framework import pagination
from rest_framework.request import Request

PAGE_SIZE = 100
LARGEST_PAGE = 1_000


class PageNumberPagination(pagination.PageNumberPagination):
    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE


def page_size(request: Request) -> int:
    """`?page_size=` of a cursor-paged list, held between 1 and the largest."""
    try:
        asked = int(request.query_params.get("page_size", PAGE_SIZE))
    except ValueError:
        return PAGE_SIZE
    return max(1, min(asked, LARGEST_PAGE))
