"""The shape of the repository: which way imports point, how large files may be, what they are called."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps as django_apps
from django.core.management import call_command

from tests.conftest import LONGEST_FILES
from tests.database import DECIDING

BASE = Path(__file__).resolve().parent.parent
APPS = (
    "accounts",
    "alerts",
    "audit",
    "compliance",
    "demo",
    "devices",
    "emissions",
    "energy",
    "factories",
    "leaderboard",
    "logbook",
    "mqtt_ingest",
    "offsets",
    "portal",
    "production",
)
PACKAGES = (*APPS, "carbontrack", "lib", "science")
# A package may import those of the rows below its own, and itself.
LAYERS = (
    {"carbontrack"},
    {"portal", "demo"},
    {"audit"},
    {"leaderboard", "alerts", "offsets"},
    {"compliance", "mqtt_ingest"},
    {"emissions", "energy"},
    {"production"},
    {"logbook"},
    {"devices"},
    {"factories"},
    {"accounts"},
    {"lib"},
    {"science"},
)
SURVIVING_LOOPS = {"lib/jobs.py", "mqtt_ingest/pipeline.py", "emissions/live_hub.py"}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "base.py", "manager.py", "managers.py", "common", "core", "signals.py"}
STOP_LINES = {".html": 200, ".js": 250, ".css": 400, ".sql": 150}
PYTHON_STOP, TEST_STOP, FUNCTION_STOP = 400, 500, 60
# Name, and why it may be longer. Only ever shrinks: an entry that is not needed any more fails the test.
TOO_LONG: dict[str, str] = {}


def files(*suffixes: str) -> Iterator[Path]:
    for name in (*PACKAGES, "tests", "templates", "static", "firmware"):
        for path in sorted((BASE / name).rglob("*")):
            if path.suffix in suffixes and "vendor" not in path.parts:
                yield path


def named(path: Path) -> str:
    return path.relative_to(BASE).as_posix()


def python_files(*, with_tests: bool = False) -> list[Path]:
    return [
        path
        for path in [*files(".py"), BASE / "manage.py", BASE / "bootstrap.py"]
        if "migrations" not in path.parts and (with_tests or path.relative_to(BASE).parts[0] != "tests")
    ]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(module: ast.Module) -> set[str]:
    """First parts of everything imported, wherever it stands: in functions and under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            found |= {a.value.split(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return found


def layer_of(package: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if package in layer)


def against_the_arrows(package: str, imported: set[str]) -> set[str]:
    return {
        other for other in imported if other in PACKAGES and other != package and layer_of(other) <= layer_of(package)
    }


def test_imports_point_one_way() -> None:
    wrong = {
        named(path): sorted(bad)
        for path in python_files()
        if (package := path.relative_to(BASE).parts[0]) in PACKAGES
        and (bad := against_the_arrows(package, imports(tree(path))))
    }

    assert wrong == {}


@pytest.mark.parametrize(
    ("package", "source", "bad"),
    [
        ("accounts", "from factories.models import Factory", {"factories"}),
        ("accounts", "def f():\n    import factories", {"factories"}),
        ("devices", "if TYPE_CHECKING:\n    from emissions.models import Emission", {"emissions"}),
        ("mqtt_ingest", "import compliance", {"compliance"}),
        ("science", "import lib.sql", {"lib"}),
        ("lib", "from carbontrack import settings", {"carbontrack"}),
        ("emissions", "import importlib\nimportlib.import_module('portal.views')", {"portal"}),
        ("emissions", "from science import stack\nfrom devices.models import MCUDevice", set()),
    ],
)
def test_guard_sees_an_import_against_the_arrows(package: str, source: str, bad: set[str]) -> None:
    assert against_the_arrows(package, imports(ast.parse(source))) == bad


# What pages of `portal/` share: server-made SVG, and the log form that Today and the log page both show.
PARTS_OF_PAGES = {"drawn", "log_form"}
# The addresses, the first page of a manager of several sites, and the samples. What pages share knows no page.
KNOW_PAGES = {"portal/urls.py", "portal/views.py", "portal/styleguide.py"}


def portal_folders() -> set[str]:
    return {path.parent.name for path in (BASE / "portal").glob("*/__init__.py")}


def other_pages(folder: str, module: ast.Module) -> set[str]:
    """The pages of `portal/` that a module in this folder imports and must not."""
    names = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    imported = {name.split(".")[1] for name in names if name.startswith("portal.")}
    return (imported & portal_folders()) - PARTS_OF_PAGES - {folder}


def test_no_page_imports_another_page() -> None:
    wrong = {
        named(path): bad
        for path in (BASE / "portal").rglob("*.py")
        if (bad := other_pages(path.parent.name, tree(path))) and named(path) not in KNOW_PAGES
    }

    assert wrong == {}
    assert [name for name in KNOW_PAGES if not (BASE / name).is_file()] == []


@pytest.mark.parametrize(
    ("folder", "source", "bad"),
    [
        ("month", "from portal.log.saving import undo_save", {"log"}),
        ("month", "from portal import log, words", {"log"}),
        ("drawn", "import portal.today.page", {"today"}),
        ("portal", "def f():\n    from portal.sites.network import network_rows", {"sites"}),
        ("log", "from portal.log_form.form import LogForm\nfrom portal.words import state_word", set()),
        ("today", "from portal.today.page import today_page\nfrom portal.drawn import ribbons", set()),
    ],
)
def test_guard_sees_a_page_that_imports_another(folder: str, source: str, bad: set[str]) -> None:
    assert other_pages(folder, ast.parse(source)) == bad


def apps_of_tables(sql: str) -> set[str]:
    """The apps whose tables a statement names, wherever: FROM, JOIN, INTO, UPDATE, a trigger, a reference."""
    owners = {
        model._meta.db_table: model._meta.app_label for model in django_apps.get_models(include_auto_created=True)
    }
    words = re.findall(r"\w+", re.sub(r"--.*", "", sql))
    return {owners[word] for word in words if word in owners}


def test_statements_name_only_tables_of_their_own_app_and_of_those_below() -> None:
    wrong = {
        named(path): sorted(bad)
        for path in files(".sql")
        if (package := path.relative_to(BASE).parts[0]) in PACKAGES
        and (bad := against_the_arrows(package, apps_of_tables(path.read_text(encoding="utf-8"))))
    }

    assert wrong == {}


@pytest.mark.parametrize(
    ("package", "sql", "bad"),
    [
        ("emissions", "SELECT 1 FROM compliance_siteday", {"compliance"}),
        ("energy", "UPDATE energy_energyentry SET amount = 1 FROM emissions_emissionhour h", {"emissions"}),
        ("logbook", "CREATE TRIGGER t AFTER INSERT ON energy_energyentry EXECUTE FUNCTION f()", {"energy"}),
        ("compliance", "-- of leaderboard\nSELECT 1 FROM compliance_siteday, factories_factory", set()),
        ("compliance", "INSERT INTO compliance_siteday SELECT energy_days FROM production_productionentry", set()),
    ],
)
def test_guard_sees_a_table_against_the_arrows(package: str, sql: str, bad: set[str]) -> None:
    assert against_the_arrows(package, apps_of_tables(sql)) == bad


# Names that stand for one thing in several places: Django finds `Command` by its name, and `science` has no Django, so
# the choices of a form or a table repeat an enum of it with their words.
DEFINED_TWICE = set(
    "Command Co2Basis GwpSet HourStatus MethaneUnit MineClass MoistureMethod PressureCompensation".split()
)


def defined_twice(modules: Iterable[ast.Module]) -> set[str]:
    """The public classes at the top of more than one module."""
    names = Counter(node.name for module in modules for node in module.body if isinstance(node, ast.ClassDef))
    return {name for name, count in names.items() if count > 1 and not name.startswith("_")}


def test_a_class_name_means_one_thing() -> None:
    assert defined_twice(tree(path) for path in python_files()) == DEFINED_TWICE


def test_guard_sees_a_class_name_that_means_two_things() -> None:
    sources = ("class Line: ...\nclass _Row: ...", "class Line: ...\nclass Row: ...", "class _Row: ...")

    assert defined_twice(map(ast.parse, sources)) == {"Line"}


def test_only_these_packages_are_beside_manage_py() -> None:
    found = {path.parent.name for path in BASE.glob("*/__init__.py")}

    assert found <= {*PACKAGES, "tests"}


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (BASE / "tests").rglob("*.py")}

    assert [named(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        named(path)
        for path in python_files(with_tests=True)
        # Django's registrations have nothing to say beyond their name.
        if path.name not in ("__init__.py", "apps.py") and not ast.get_docstring(tree(path))
    ]

    assert silent == []


def test_no_file_is_called_after_nothing() -> None:
    paths = [*files(".py"), *[path for app in PACKAGES for path in (BASE / app).rglob("*") if path.is_dir()]]

    assert [named(path) for path in paths if path.name in FORBIDDEN_NAMES] == []


def lengths() -> dict[str, tuple[int, int]]:
    """Everything above its stop: name -> (lines, stop)."""
    found = {}
    for path in python_files(with_tests=True):
        stop = TEST_STOP if path.relative_to(BASE).parts[0] == "tests" else PYTHON_STOP
        text = path.read_text(encoding="utf-8")
        if (count := text.count("\n")) > stop:
            found[named(path)] = (count, stop)
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and (count := body_lines(node)) > FUNCTION_STOP
            ):
                found[f"{named(path)}:{node.name}"] = (count, FUNCTION_STOP)
    for path in files(*STOP_LINES):
        if (count := path.read_text(encoding="utf-8").count("\n")) > STOP_LINES[path.suffix]:
            found[named(path)] = (count, STOP_LINES[path.suffix])
    return found


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function but for its docstring: `science/` owes parameters, equation and source there."""
    first = node.body[0]
    has_docstring = ast.get_docstring(node) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_no_file_or_function_is_longer_than_one_can_hold_in_the_head() -> None:
    longer = lengths()

    assert {name: longer[name] for name in longer if name not in TOO_LONG} == {}
    assert [name for name in TOO_LONG if name not in longer] == [], "no longer needed: take it off the list"


def test_sizes_are_counted() -> None:
    node = ast.parse("def f():\n    '''one\n    two\n    '''\n    return 1\n").body[0]

    assert isinstance(node, ast.FunctionDef)
    assert body_lines(node) == 2


def test_everything_is_caught_only_by_the_loops_that_must_survive() -> None:
    catching = {
        named(path)
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node.type) and not ends_in_raise(node)
    }

    assert catching <= SURVIVING_LOOPS


def ends_in_raise(handler: ast.ExceptHandler) -> bool:
    """What tidies up and lets the error go on hides nothing."""
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


def catches_everything(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(name, ast.Name) and name.id in ("Exception", "BaseException") for name in names)


def test_our_apps_call_each_other_and_send_no_signals() -> None:
    # Django's own post_migrate is the one thing that no function call can replace; apps.py listens to it.
    wrong = {
        named(path)
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").endswith(("dispatch", ".signals"))
        and not (path.name == "apps.py" and [alias.name for alias in node.names] == ["post_migrate"])
    }

    assert wrong == set()


def test_statements_in_sql_files_say_what_they_are_for() -> None:
    silent = [named(path) for path in files(".sql") if not path.read_text(encoding="utf-8").startswith("-- ")]

    assert silent == []


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_migration_number_is_used_once_in_its_app() -> None:
    for app in APPS:
        numbers = [path.name[:4] for path in (BASE / app / "migrations").glob("[0-9]*.py")]
        assert len(numbers) == len(set(numbers)), app


def test_the_files_that_are_begun_first_are_there() -> None:
    assert [name for name in LONGEST_FILES if not (BASE / "tests" / name).is_file()] == []


def test_the_files_that_decide_the_tables_of_tests_are_there() -> None:
    assert [pattern for pattern in DECIDING if not any(BASE.glob(pattern))] == []
