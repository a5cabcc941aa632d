"""Contrast computed from tokens.css itself (WCAG 2.x), and the rule that colours stand nowhere else."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = Path(settings.BASE_DIR) / "static" / "css"
COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}\b|\b(?:rgb|hsl)a?\(")
GROUNDS = ("page", "panel")
TEXT_MIN, MARK_MIN = 4.5, 3.0

TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "ink-2", "action") for ground in GROUNDS),
    *((series, ground) for series in ("stack", "fuel", "tea") for ground in GROUNDS),
    *((state, ground) for state in ("fine", "look", "act", "unknown") for ground in GROUNDS),
    *((state, f"{state}-ground") for state in ("fine", "look", "act")),
    *(("ink", f"{state}-ground") for state in ("fine", "look", "act")),
    ("on-action", "action"),
    ("on-plate", "plate"),
]
# Edges of inputs, the focus ring, bars and rules: no text, but they carry meaning.
MARK_PAIRS = [(mark, ground) for mark in ("edge", "action", "stack", "unknown") for ground in GROUNDS]


def css_blocks(css: str) -> list[tuple[str, dict[str, str]]]:
    """The innermost blocks in order: (selector, its custom properties)."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    blocks = re.findall(r"([^{}]+)\{([^{}]*)\}", css)
    return [(selector.strip(), dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))) for selector, body in blocks]


def luminance(colour: str) -> float:
    assert re.fullmatch(r"#[0-9A-Fa-f]{6}", colour), f"{colour!r} is not a six-digit colour"
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


BLOCKS = css_blocks((CSS / "tokens.css").read_text(encoding="utf-8"))
LIGHT = next(tokens for selector, tokens in BLOCKS if selector == ":root")
DARK_BY_SYSTEM = next(tokens for selector, tokens in BLOCKS if selector == ':root:not([data-theme="light"])')
DARK_BY_CHOICE = next(tokens for selector, tokens in BLOCKS if selector == ':root[data-theme="dark"]')
THEMES = {"light": LIGHT, "dark": LIGHT | DARK_BY_CHOICE}


@pytest.mark.parametrize(("first", "second", "ratio"), [("#14201C", "#F1F4F2", 15.1), ("#7CC4D6", "#0F1513", 9.4)])
def test_contrast_is_computed_as_the_design_computed_it(first: str, second: str, ratio: float) -> None:
    # The design gives one decimal.
    assert contrast(first, second) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_reaches_its_contrast(theme: str, text: str, ground: str) -> None:
    tokens = THEMES[theme]

    ratio = contrast(tokens[text], tokens[ground])

    assert ratio >= TEXT_MIN, f"--{text} on --{ground}, {theme}: {ratio:.2f} is under {TEXT_MIN}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARK_PAIRS)
def test_edges_and_marks_reach_their_contrast(theme: str, mark: str, ground: str) -> None:
    tokens = THEMES[theme]

    ratio = contrast(tokens[mark], tokens[ground])

    assert ratio >= MARK_MIN, f"--{mark} on --{ground}, {theme}: {ratio:.2f} is under {MARK_MIN}"


def test_both_ways_into_the_dark_give_the_same_colours() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE


def test_paper_gets_the_colours_of_the_light() -> None:
    css = re.sub(r"/\*.*?\*/", "", (CSS / "tokens.css").read_text(encoding="utf-8"), flags=re.S)

    # Each block of the dark stands directly under a rule that holds on screens alone.
    rules = re.findall(r"(@media[^{]*)\{\s*[^{}]*\{\s*color-scheme: dark", css)

    assert len(rules) == css.count("color-scheme: dark;") == 2
    assert all(rule.startswith("@media screen") for rule in rules)


def test_every_colour_of_the_light_has_one_in_the_dark() -> None:
    light_colours = {name for name, value in LIGHT.items() if value.startswith("#")}

    # Paper is what a camera reads: white always.
    assert light_colours - set(DARK_BY_CHOICE) == {"paper"}


@pytest.mark.parametrize("sheet", sorted(p for p in CSS.rglob("*.css") if p.name != "tokens.css"), ids=lambda p: p.name)
def test_style_sheets_name_tokens_and_never_colours(sheet: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)

    unknown_tokens = set(re.findall(r"var\(--([\w-]+)", css)) - set(LIGHT)

    assert not unknown_tokens
    # `url("#hatch")` is an address.
    assert not COLOUR.findall(re.sub(r'url\("[^"]*"\)', "", css))
