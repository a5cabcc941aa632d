"""The docs cover what exists, and name nothing else: variables, commands, metrics, routes, links, folders.

Whether the README's set-up works is in `test_install.py`. What pages say in words no test can hold.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver
from prometheus_client.parser import text_string_to_metric_families

from carbontrack import api
from emissions.serializers import ReadingSerializer, RollupSerializer
from mqtt_ingest.choices import Reason
from mqtt_ingest.metrics import make_registry
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets
from science.quality import Quality
from tests.mqtt_ingest.fakes import InMemoryReceiver

BASE_DIR = Path(__file__).resolve().parent.parent
DOCS = BASE_DIR / "docs"
PAGES = [BASE_DIR / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAGES += [*sorted(BASE_DIR.glob("*/README.md")), *sorted(DOCS.rglob("*.md"))]
MANUAL = BASE_DIR / "firmware" / "docs"  # of the sensor node; its first page is firmware/README.md
PAGES += sorted(MANUAL.glob("*.md"))
ROOMS = sorted(path.parent.name for path in BASE_DIR.glob("*/__init__.py"))
PRODUCT = [room for room in ROOMS if room != "tests"]

# Variables in code that nobody sets to configure us, and why.
NOT_SETTINGS = {
    "PATH": "the system's own; bootstrap.py looks for programs in it",
    "NOTIFY_SOCKET": "systemd, or the demo's supervisor, sets it for lib/watchdog.py",
    "DJANGO_SETTINGS_MODULE": "the entry points set it; there is one settings module",
}


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def all_pages() -> str:
    return "\n".join(map(text_of, PAGES))


def names_in_code(text: str) -> set[str]:
    """Everything between backticks and in indented blocks, as words: prose alone describes nothing."""
    spans = re.findall(r"`([^`\n]+)`", text)
    blocks = re.findall(r"^    .*$", text, re.MULTILINE)
    return set(re.findall(r"[A-Za-z_][\w-]*", " ".join(spans + blocks)))


# --- Variables ----------------------------------------------------------------------------------
def _literal(node: ast.AST | None) -> object:
    """The value of a constant, also of one like 1_000 or "x"; None for anything computed."""
    return node.value if isinstance(node, ast.Constant) else None


def _variable_read(node: ast.AST) -> tuple[str, object] | None:
    """(name, default) when this expression reads an environment variable."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        owner, name = ast.unparse(node.func.value), _literal(node.args[0])
        default = _literal(node.args[1]) if len(node.args) > 1 else None
        is_ours = owner == "environment"  # lib/environment.py: the name comes first in all of it
        is_plain = (owner, node.func.attr) in {("os.environ", "get"), ("os", "getenv"), ("env", "str")}
        if (is_ours or is_plain) and isinstance(name, str):
            return name, default
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        name = _literal(node.slice) if ast.unparse(node.value) == "os.environ" else None
        return (name, None) if isinstance(name, str) else None
    return None


@cache
def variables_read() -> dict[str, object]:
    """What the product, bootstrap.py, Makefile and Procfile read, with defaults that are literal."""
    found: dict[str, object] = {}
    files = [path for room in PRODUCT for path in (BASE_DIR / room).rglob("*.py")]
    for path in [*files, BASE_DIR / "bootstrap.py", BASE_DIR / "manage.py"]:
        for node in ast.walk(ast.parse(text_of(path))):
            if read := _variable_read(node):
                name, default = read
                # One of several readers has the default; an empty string there is "not set".
                found[name] = found.get(name) or default
    for name in re.findall(r"\$\{(\w+)", text_of(BASE_DIR / "Procfile")):
        found.setdefault(name, None)
    # `NAME ?=` is how a Makefile says that the environment may decide.
    for name in re.findall(r"^(\w+) \?=", text_of(BASE_DIR / "Makefile"), re.MULTILINE):
        found.setdefault(name, None)
    return {name: default for name, default in found.items() if name not in NOT_SETTINGS}


def example_variables() -> dict[str, str]:
    lines = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", text_of(BASE_DIR / ".env.example"), re.MULTILINE)
    return dict(lines)


def test_the_reader_of_variables_finds_those_that_are_surely_read() -> None:
    found = variables_read()

    assert {"DATABASE_URL", "SECRET_KEY", "MQTT_BROKER_URL", "DEMO_FLEET", "PORT", "DATA_DIR"} <= found.keys()
    assert found["HTTP_PORT"] == 8000


def test_every_variable_is_in_the_configuration_page() -> None:
    described = names_in_code(text_of(DOCS / "configuration.md"))

    assert sorted(variables_read().keys() - described) == []


def test_every_variable_is_in_the_example() -> None:
    by_make_alone = {"ARGS"}  # an argument of make, see CONTRIBUTING.md

    assert sorted(variables_read().keys() - example_variables().keys() - by_make_alone) == []


def test_the_example_has_no_variable_that_nothing_reads() -> None:
    assert sorted(example_variables().keys() - variables_read().keys()) == []


def test_the_example_shows_the_defaults_of_the_code() -> None:
    switches = {True: "1", False: "0"}
    expected = {
        name: switches[default] if isinstance(default, bool) else str(default)
        for name, default in variables_read().items()
        if default not in (None, "")
    }
    shown = example_variables()

    assert {name: shown[name] for name in expected} == expected


def test_the_example_changes_nothing_when_copied() -> None:
    active = re.findall(r"^[A-Z]\w*=.*$", text_of(BASE_DIR / ".env.example"), re.MULTILINE)

    assert active == []


# --- Commands, targets, metrics, routes -----------------------------------------------------------
def own_commands() -> set[str]:
    files = [path for room in PRODUCT for path in (BASE_DIR / room).glob("management/commands/*.py")]
    return {path.stem for path in files if not path.stem.startswith("_")}


def test_every_command_of_ours_is_in_the_table_of_commands() -> None:
    section = text_of(DOCS / "operations.md").partition("## Commands")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    described = set(re.findall(r"`(\w+)`", " ".join(rows)))

    assert own_commands() == described


def test_no_page_names_a_command_that_is_not_there() -> None:
    djangos = {
        "check",
        "clearsessions",
        "collectstatic",
        "createsuperuser",
        "makemigrations",
        "migrate",
        "runserver",
        "shell",
    }
    named = set(re.findall(r"manage\.py (\w+)", all_pages()))

    assert sorted(named - own_commands() - djangos) == []


def documented_targets() -> set[str]:
    """Targets that say what they do; the rest of the Makefile are steps of these."""
    return set(re.findall(r"^([\w-]+):.*## ", text_of(BASE_DIR / "Makefile"), re.MULTILINE))


def test_every_make_target_is_described() -> None:
    described = set(re.findall(r"(?:`|^    )make ([a-z][\w-]*)", all_pages(), re.MULTILINE))

    assert described == documented_targets()


def test_every_make_target_is_described_in_the_makefile_or_a_step_of_one_that_is() -> None:
    makefile = text_of(BASE_DIR / "Makefile")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    steps = set(re.findall(r"^[a-z][\w-]*: ([a-z][\w-]*)", makefile, re.MULTILINE))

    assert targets == documented_targets() | steps


def metric_names() -> set[str]:
    """Of the web processes and of ingest. Needs the database."""
    answer = Client().get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    families = list(text_string_to_metric_families(answer))
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    receiver = InMemoryReceiver()
    return names | {family.name for family in make_registry(receiver, Pipeline(receiver, TokenBuckets(1, 1))).collect()}


@pytest.mark.django_db
def test_every_metric_is_described_and_no_other() -> None:
    rows = re.findall(r"^\| `(carbontrack_\w+)", text_of(DOCS / "operations.md"), re.MULTILINE)

    assert sorted(rows) == sorted(metric_names())


def _api_paths(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from _api_paths(pattern.url_patterns, route)
        elif pattern.name not in {"api-not-found", "api-root"}:
            # (?P<pk>...) as people write it. Character classes in it hold no closing parenthesis.
            plain = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:int|slug):(\w+)>", r"{\1\2}", route)
            yield plain.replace("{pk}", "{id}").replace("\\", "")


def test_every_route_of_the_api_is_described() -> None:
    paths = set(_api_paths(api.urlpatterns, "/api/"))
    page = text_of(DOCS / "api.md")
    described = set(re.findall(r"`(/api/[^`\s]*)`", page))

    assert "/api/mcu-devices/{device_id}/rotate-secret/" in paths
    assert sorted(paths - described) == []
    assert sorted(described - paths - {"/api/"}) == []


# --- Names ----------------------------------------------------------------------------------------
def test_every_field_flag_and_reason_of_the_api_is_in_the_nomenclature() -> None:
    fields = {*ReadingSerializer().fields, *RollupSerializer().fields} - {"factory", "chimney"}
    flags = {flag.name for flag in Quality}
    described = names_in_code(text_of(DOCS / "nomenclature.md"))

    assert sorted((fields | flags | set(Reason.values)) - described) == []


# --- Links and paths ------------------------------------------------------------------------------
def _anchor(heading: str) -> str:
    """The anchor that Markdown hosts make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _links(page: Path) -> Iterator[str]:
    text = re.sub(r"^    .*$", "", text_of(page), flags=re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if not re.match(r"[a-z]+:", target):
            yield unquote(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE_DIR)))
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    dead = []
    for target in _links(page):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        is_there = path.exists() and path.is_relative_to(BASE_DIR)
        if is_there and anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
            is_there = anchor in {_anchor(heading) for heading in headings}
        if not is_there:
            dead.append(target)

    assert dead == []


def test_files_that_pages_name_are_there() -> None:
    # Not `lib/`: the firmware's manual names files of its own lib/ by it.
    rooms = [room for room in ROOMS if room != "lib"]
    pattern = rf"`((?:{'|'.join([*rooms, 'templates', 'static', 'docs', 'firmware'])})/[\w./-]+\.\w+)`"
    missing = {
        f"{page.name}: {path}"
        for page in PAGES
        for path in re.findall(pattern, text_of(page))
        if not (BASE_DIR / path).exists()
    }

    assert sorted(missing) == []


def test_every_page_is_reached_from_the_index_and_every_picture_from_a_page() -> None:
    reached = {(page.parent / target).resolve() for page in PAGES for target in _links(page)}
    index = {(DOCS / target).resolve() for target in _links(DOCS / "index.md")}
    pages = set(DOCS.rglob("*.md")) - {DOCS / "index.md"}

    assert sorted(pages - index) == []
    pictures = {*(DOCS / "img").iterdir(), *MANUAL.glob("*.svg")}
    manual = {(BASE_DIR / "firmware" / target).resolve() for target in _links(BASE_DIR / "firmware" / "README.md")}
    assert sorted(set(MANUAL.glob("*.md")) - manual) == []
    assert sorted(pictures - reached) == []


def map_of_rooms() -> dict[str, str]:
    section = text_of(BASE_DIR / "README.md").partition("## The map")[2]
    block = section.partition("```text\n")[2].partition("```")[0]
    lines = [line.split(maxsplit=1) for line in block.splitlines()]
    return {path: words.strip() for path, words in lines}


def test_the_map_names_what_is_there_and_every_room() -> None:
    shown = map_of_rooms()
    rooms = {f"{room}/" for room in [*ROOMS, "templates", "static", "locale", "docs"]}

    assert [path for path in shown if not (BASE_DIR / path).exists()] == []
    assert sorted(rooms - shown.keys()) == []
    assert all(shown.values())


# --- History --------------------------------------------------------------------------------------
def test_the_changelog_begins_with_unreleased_and_the_version_is_left_to_it() -> None:
    headings = re.findall(r"^## (.*)$", text_of(BASE_DIR / "CHANGELOG.md"), re.MULTILINE)
    kinds = set(re.findall(r"^### (.*)$", text_of(BASE_DIR / "CHANGELOG.md"), re.MULTILINE))
    project = tomllib.loads(text_of(BASE_DIR / "pyproject.toml"))["project"]

    assert headings[0] == "Unreleased"
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert project["version"] == "0" or project["version"] in headings[1]
