"""Guards over templates and scripts: no bare text, nothing inline that the security policy would refuse."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

BASE = Path(settings.BASE_DIR)
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))
SCRIPTS = sorted((BASE / "static" / "js").rglob("*.js"))
SPOKEN_ATTRIBUTES = {"alt", "aria-label", "aria-description", "label", "placeholder", "summary", "title"}
LINE_STOP = 160
LETTERS = re.compile(r"[^\W\d_]{2,}")


def without_template_language(source: str) -> str:
    """What the browser would get if every tag and variable printed nothing."""
    source = re.sub(r"\{% *comment.*?endcomment *%\}", "", source, flags=re.S)
    source = re.sub(r"\{#.*?#\}", "", source)
    source = re.sub(r"\{% *blocktrans.*?endblocktrans(?:late)? *%\}", "", source, flags=re.S)
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.S)


class Findings(HTMLParser):
    """Collects bare texts and inline code of one template."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.bare_texts: list[str] = []
        self.inline_code: list[str] = []
        self._is_data = False
        self.feed(without_template_language(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            is_spoken = name in SPOKEN_ATTRIBUTES or name.startswith("data-text-")
            is_button_text = name == "value" and given.get("type") in {"submit", "button", "reset"} and tag == "input"
            if (is_spoken or is_button_text) and LETTERS.search(value):
                self.bare_texts.append(f'{name}="{value}"')
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                self.inline_code.append(f'{name}="{value}"')
        self._is_data = tag == "script" and given.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in given and not self._is_data):
            self.inline_code.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._is_data = False

    def handle_data(self, data: str) -> None:
        if LETTERS.search(data) and not self._is_data:
            self.bare_texts.append(data.strip())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE / "templates")))
def test_template_compiles_and_shows_no_bare_text_and_no_inline_code(path: Path) -> None:
    findings = Findings(path.read_text(encoding="utf-8"))

    get_template(str(path.relative_to(BASE / "templates")))

    assert findings.bare_texts == [], "texts go through {% trans %} or {% blocktrans %}"
    assert findings.inline_code == [], "behaviour is found by data- attributes, looks by classes"


def test_no_line_of_a_template_is_longer_than_a_screen() -> None:
    longer = [
        f"{path.relative_to(BASE)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) >= LINE_STOP
    ]

    assert longer == []


@pytest.mark.parametrize(
    ("source", "bare_texts"),
    [
        ("<p>{# why #}Hello</p>", ["Hello"]),
        ("<p>{% blocktrans %}Hello{% endblocktrans %} {{ name }} · 12</p>", []),
        ('<img alt="Logo">', ['alt="Logo"']),
        ('<p data-text-slow="Slow" aria-label="{% trans \'Slow\' %}"></p>', ['data-text-slow="Slow"']),
        ('<script type="application/json">{"ids": "x"}</script><p>Hello</p>', ["Hello"]),
        ('<input type="submit" value="Go"><input type="hidden" value="en">', ['value="Go"']),
    ],
)
def test_guard_tells_bare_text_from_translated(source: str, bare_texts: list[str]) -> None:
    assert Findings(source).bare_texts == bare_texts


@pytest.mark.parametrize(
    "source", ['<p style="x">', '<p onclick="x">', "<script>1</script>", '<a href="javascript:x">']
)
def test_guard_sees_inline_code(source: str) -> None:
    assert len(Findings(source).inline_code) == 1


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_brings_no_text_of_its_own_and_runs_no_strings(path: Path) -> None:
    source = re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.M)

    refused = re.findall(
        r"\binnerHTML\b|\bouterHTML\b|\beval\(|new Function|document\.write|insertAdjacentHTML", source
    )
    own_texts = re.findall(r"(?:textContent|innerText|title|placeholder)\s*=\s*[\"'`]\s*[A-Za-z].*", source)

    assert refused == []
    assert own_texts == [], "words come from data-text-* attributes that the server filled through gettext"


def test_server_error_page_needs_no_context() -> None:
    page = get_template("500.html").render()

    assert "<h1>" in page
    assert "/static/css/tokens.css" in page
