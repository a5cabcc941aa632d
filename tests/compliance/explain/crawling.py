"""A browser without a screen: the pages that a user reaches, each printed figure, and numbers that are none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.test import Client

# Not pages of figures, or files of them.
LEFT_OUT = re.compile(r"^/(api|admin|accounts|explain|static|language|schema)/|[?&]as=|\.(csv|pdf|svg|png)$")
VOID = {
    "br",
    "img",
    "input",
    "link",
    "meta",
    "hr",
    "use",
    "path",
    "rect",
    "line",
    "circle",
    "col",
    "source",
    "polyline",
}
UNSEEN = {"script", "style", "svg", "template", "head", "option", "textarea", "title"}
UNIT = r"(?:kg|t|kWh|MWh|MJ|GJ|%|kg/h|m3)(?![A-Za-z0-9])"
MEASURE = re.compile(rf"(?<![\w.,-])\d[\d,]*(?:\.\d+)?\s{{0,2}}{UNIT}")


@dataclass
class Page(HTMLParser):
    """`figures`: identity and text of each; `rest`: the text of the main part outside them."""

    url: str
    figures: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    rest: str = ""
    _open: list[tuple[str, str]] = field(default_factory=list)  # tag, its identity
    _printed: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag not in VOID:
            self._open.append((tag, given.get("data-figure") or ""))
            self.rest += " "

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            closed, identity = self._open.pop()
            if identity:
                self.figures.append((identity, " ".join(self._printed.split())))
                self._printed = ""
            if closed == tag:
                break
        if tag not in ("sub", "span"):
            self.rest += " "

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _identity in self._open}
        if any(identity for _tag, identity in self._open):
            self._printed += data
            self.rest += "·"
        elif "main" in tags and not tags & UNSEEN:
            self.rest += data

    @property
    def bare(self) -> list[str]:
        """Numbers with a unit outside of figures, each with some words around it."""
        text = " ".join(self.rest.split())
        return [text[max(0, m.start() - 60) : m.end() + 20] for m in MEASURE.finditer(text)]


def crawl(browser: Client, start: str = "/", most: int = 150) -> Iterator[Page]:
    """Each page reached from the start, once: of a list of entries or days the first few."""
    waiting, seen, by_kind = [start], {start}, dict[str, int]()
    while waiting and len(seen) < most:
        url = waiting.pop(0)
        answer = browser.get(url, follow=True)
        if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.status_code != 200:
            continue
        page = Page(url)
        page.feed(answer.content.decode())
        yield page
        for link in page.links:
            parts = urlsplit(link)
            path = f"{parts.path or urlsplit(url).path}{f'?{parts.query}' if parts.query else ''}"
            kind = re.sub(r"\d+|(?<==)[^&]+", "0", path)
            if parts.netloc or path in seen or LEFT_OUT.search(path) or by_kind.get(kind, 0) >= 3:
                continue
            by_kind[kind] = by_kind.get(kind, 0) + 1
            seen.add(path)
            waiting.append(path)
