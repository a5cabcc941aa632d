"""Secrets in tracked files, but for those of a baseline: `python -m tests.secret_scan`, part of `make lint`.

The baseline names examples and passwords of tests by file and hash. `--accept` rewrites it. detect-secrets' own hook
compares line numbers too, so that it would fail at each line that moves.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

BASE_DIR = Path(__file__).resolve().parent.parent
BASELINE = BASE_DIR / ".secrets.baseline"
# Digests of triggers, invented inputs of the fuzzer, files of others and files without words.
NOT_READ = re.compile(r"/migrations/0|^firmware/fuzz/corpus/|^static/vendor/|\.(mo|woff2|ttf|png|xlsx)$|^\.secrets")

Find = tuple[str, str, str]  # file, kind, SHA-1 of the secret


def found_in(names: Iterable[str], root: Path = BASE_DIR) -> dict[Find, int]:
    """What looks like a secret, with its line."""
    secrets = SecretsCollection(root=str(root))
    with default_settings():
        for name in names:
            if not NOT_READ.search(name):
                secrets.scan_file(name)
    return {(name, secret.type, secret.secret_hash): secret.line_number for name, secret in secrets}


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, check=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and (BASE_DIR / name).is_file()]


def accepted() -> set[Find]:
    return {tuple(row) for row in json.loads(BASELINE.read_text(encoding="utf-8"))}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write what is found into the baseline")
    finds = found_in(tracked_files())
    if parser.parse_args(arguments).accept:
        rows = ",\n".join(json.dumps(find) for find in sorted(finds))
        BASELINE.write_text(f"[\n{rows}\n]\n", encoding="utf-8")
        return 0
    new = sorted(set(finds) - accepted())
    for name, kind, _hash in new:
        sys.stdout.write(f"{name}:{finds[name, kind, _hash]}: {kind}; see CONTRIBUTING.md, A secret in a file\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
