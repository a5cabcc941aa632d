"""The package stays what it says: standard library only, no clock, no logging, a version."""

import ast
import sys
from pathlib import Path

import science

FORBIDDEN = {"time", "datetime", "logging", "random", "os"}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_science_imports_only_itself_and_the_pure_part_of_the_standard_library():
    for path in Path(science.__file__).parent.glob("*.py"):
        for module in imported_modules(path):
            assert module == "science" or module in sys.stdlib_module_names, (path.name, module)
            assert module not in FORBIDDEN, (path.name, module)


def test_the_method_has_a_version_to_store():
    assert science.METHOD_VERSION == "2"
