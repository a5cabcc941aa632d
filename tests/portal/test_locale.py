"""The Swahili catalogue: complete, compiled, and with the placeholders of the English."""

import ast
import csv
import gettext
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from energy.type_names import NAMES

BASE = Path(settings.BASE_DIR)
CATALOGUE = BASE / "locale" / "sw" / "LC_MESSAGES" / "django.po"
MARKUP = re.compile(r"%\(\w+\)[sdr]|\{\w+\}|%[sd]|</?\w+")
NOT_OURS_OR_NOT_TEXT = ("var", ".*", "*.egg-info", "static", "tests", "docs", "firmware", "node_modules")


@dataclass(frozen=True)
class Message:
    """One entry of a catalogue; a text without plural has one translation."""

    context: str | None
    text: str
    plural: str | None
    translations: tuple[str, ...]
    is_fuzzy: bool


def read_catalogue(path: Path) -> list[Message]:
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    messages = []
    for block in blocks:
        fields: dict[str, str] = {}
        for name, quoted in re.findall(r'^(msg\w+(?:\[\d\])?) ((?:".*"\n?)+)', block, re.M):
            fields[name] = "".join(ast.literal_eval(line) for line in quoted.strip().split("\n"))
        if not fields.get("msgid"):
            continue
        translations = tuple(fields[name] for name in sorted(fields) if name.startswith("msgstr"))
        is_fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.M) is not None
        plural = fields.get("msgid_plural")
        messages.append(Message(fields.get("msgctxt"), fields["msgid"], plural, translations, is_fuzzy))
    return messages


MESSAGES = read_catalogue(CATALOGUE)


def test_catalogue_is_translated_whole() -> None:
    unfinished = [m.text for m in MESSAGES if m.is_fuzzy or not all(m.translations)]

    assert unfinished == []
    assert len(MESSAGES) > 100


def test_compiled_catalogue_is_the_one_in_the_sources() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    entry_count = int.from_bytes(CATALOGUE.with_suffix(".mo").read_bytes()[8:12], sys.byteorder)

    # One entry more: the header is the translation of the empty text.
    assert entry_count == len(MESSAGES) + 1
    for message in MESSAGES:
        if message.plural:
            shown = tuple(compiled.ngettext(message.text, message.plural, n) for n in (1, 2))
        elif message.context:
            shown = (compiled.pgettext(message.context, message.text),)
        else:
            shown = (compiled.gettext(message.text),)
        assert shown == message.translations, f"compile again: django-admin compilemessages ({message.text!r})"


def test_translations_keep_placeholders_and_markup() -> None:
    def markup(text: str) -> list[str]:
        return sorted(MARKUP.findall(text))

    changed = [
        (message.text, translation)
        for message in MESSAGES
        for translation in message.translations
        if markup(translation) not in (markup(message.text), markup(message.plural or message.text))
    ]

    assert changed == []


@pytest.mark.needs("xgettext", "msgmerge")
def test_every_text_in_the_sources_is_in_the_catalogue(tmp_path: Path) -> None:
    copy = tmp_path / "sources"
    shutil.copytree(BASE, copy, ignore=shutil.ignore_patterns(*NOT_OURS_OR_NOT_TEXT))
    # Without settings, or makemessages would write into the catalogue of the checkout.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "sw", "--no-obsolete", "--no-wrap"],
        cwd=copy,
        env=environment,
        check=True,
        capture_output=True,
    )
    extracted = read_catalogue(copy / CATALOGUE.relative_to(BASE))

    in_catalogue = {(m.context, m.text) for m in MESSAGES}
    missing = [m.text for m in extracted if (m.context, m.text) not in in_catalogue]
    assert missing == [], "run makemessages (see the head of the .po), translate, compile"


# Names of gettext, and how many texts a call writes out: with a plural and a context more than one.
GETTEXT = {f"{kind}gettext{lazy}": n for kind, n in {"": 1, "n": 2, "p": 2, "np": 3}.items() for lazy in ("", "_lazy")}
GETTEXT |= {"_": 1, "gettext_noop": 1}
# Names that rows have: each is in a table whose names are in the catalogue.
NAMES_OF_ROWS = {"entry.energy_type.name", "names.get(code, code)"}


def calls_in(tree: ast.AST) -> list[tuple[ast.Call, int]]:
    """Calls of gettext, by any of its names, each with the number of its texts."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(call, getattr(call.func, "attr", getattr(call.func, "id", ""))) for call in calls]
    return [(call, GETTEXT[name]) for call, name in named if name in GETTEXT]


def hidden_texts(source: str) -> list[str]:
    """Texts that xgettext does not see: inside an f-string, not written out in the call, or under a name of ours."""
    tree = ast.parse(source)
    imports = [(node, name) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    renamed = [
        f"{node.lineno}: {name.name} as {name.asname}"
        for node, name in imports
        if name.name in GETTEXT and name.asname not in (None, "_")
    ]
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    computed = [text for call, count in calls_in(tree) for text in call.args[:count] if not _is_written_out(text)]
    inside = [f"{node.lineno}: in an f-string" for node in strings if calls_in(node)]
    return renamed + inside + [f"{text.lineno}: {ast.unparse(text)}" for text in computed]


def _is_written_out(text: ast.expr) -> bool:
    return isinstance(text, ast.Constant) or ast.unparse(text) in NAMES_OF_ROWS


def test_every_translated_text_is_written_out_in_its_call() -> None:
    hidden = {
        str(path.relative_to(BASE)): found
        for path in BASE.glob("*/**/*.py")
        if path.relative_to(BASE).parts[0] not in (*NOT_OURS_OR_NOT_TEXT, ".venv")
        if (found := hidden_texts(path.read_text(encoding="utf-8")))
    }

    assert hidden == {}


@pytest.mark.parametrize(
    "source",
    [
        '''f"{_('Kilo')} 2.3"''',
        '''f"{translation.ngettext('day', 'days', 2)}"''',
        """_(f"Kilo {x}")""",
        """_("Kilo %s" % x)""",
        """gettext_lazy(text)""",
        """translation.pgettext(context, "Kilo")""",
        """from django.utils.translation import gettext as _now""",
    ],
)
def test_the_guard_finds_each_kind_of_hidden_text(source: str) -> None:
    assert len(hidden_texts(source)) == 1
    assert hidden_texts("""_("Kilo %s") % x + f"{label}" + _(entry.energy_type.name)""") == []


def test_every_energy_type_is_named_in_the_catalogue() -> None:
    with (BASE / "energy" / "data" / "energy_types.csv").open(encoding="utf-8") as file:
        in_table = [row["name"] for row in csv.DictReader(file)]

    assert list(NAMES) == in_table
    assert {message.text for message in MESSAGES} >= set(NAMES)
