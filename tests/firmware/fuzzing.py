"""Runs libFuzzer over the parsers of firmware/fuzz: two at a time, for some seconds each, from the kept corpus on."""

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.firmware.build import FIRMWARE

SECONDS = 20
AT_ONCE = 2
LONGEST_INPUT_BYTES = 4096  # config::kMessageBytes, kSegmentBytes
CORPUS = FIRMWARE / "fuzz" / "corpus"
PARSERS = tuple(sorted(path.stem.removeprefix("fuzz_") for path in (FIRMWARE / "fuzz").glob("fuzz_*.cpp")))


@dataclass(frozen=True, slots=True)
class Outcome:
    parser: str
    runs: int
    runs_per_s: int
    kept: int  # inputs of the corpus
    failure: str  # empty when nothing was found


def run_all(folder: Path, *, seconds: int, parsers: Sequence[str] = PARSERS) -> list[Outcome]:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda parser: run_one(folder, parser, seconds=seconds), parsers))


def run_one(folder: Path, parser: str, *, seconds: int) -> Outcome:
    grown, found = folder / "grown" / parser, folder / "found" / parser
    grown.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir(parents=True)
    command = [
        "nice",
        "-n",
        "10",
        str(folder / "fuzz" / f"fuzz_{parser}"),
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT_BYTES}",
        "-timeout=10",
        "-rss_limit_mb=1500",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/",
        str(grown),
        str(CORPUS / parser),
    ]
    if os.environ.get("CI") == "true":
        command.insert(4, "-seed=1")  # what CI says must not depend on luck; other runs look for new inputs
    done = subprocess.run(
        command,
        # What was freed is watched for a while; the default would take half a gigabyte a parser for it.
        env=os.environ | {"ASAN_OPTIONS": "quarantine_size_mb=64"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + 120,
        check=False,
    )
    said = done.stderr
    return Outcome(
        parser=parser,
        runs=_statistic(said, "number_of_executed_units"),
        runs_per_s=_statistic(said, "average_exec_per_sec"),
        kept=len(list((CORPUS / parser).iterdir())),
        failure="" if done.returncode == 0 else _failure(parser, said, found),
    )


def keep(folder: Path) -> list[str]:
    """Adds to the corpus the fewest of the grown inputs that reach what the kept ones do not."""
    lines = []
    for parser in PARSERS:
        before = len(list((CORPUS / parser).iterdir()))
        grown = folder / "grown" / parser
        grown.mkdir(parents=True, exist_ok=True)
        program = str(folder / "fuzz" / f"fuzz_{parser}")
        subprocess.run(
            [program, "-set_cover_merge=1", str(CORPUS / parser), str(grown)], capture_output=True, check=True
        )
        after = len(list((CORPUS / parser).iterdir()))
        lines.append(f"{parser:12} {before} kept inputs, now {after}")
    return lines


def _statistic(said: str, name: str) -> int:
    match = re.search(rf"^stat::{name}:\s+(\d+)", said, re.MULTILINE)
    return int(match[1]) if match else 0


def _failure(parser: str, said: str, found: Path) -> str:
    why = re.findall(r"^(?:broken promise: .*|.*runtime error: .*|.*ERROR: .*)$", said, re.MULTILINE)
    lines = [f"{parser}: {'; '.join(why) or said[-2000:]}"]
    for path in sorted(found.iterdir()):
        text = base64.b64encode(path.read_bytes()).decode()
        lines.append(f"{path} ({path.stat().st_size} bytes), in base64: {text[:1000]}")
        lines.append(f"Once mended: cp {path} firmware/fuzz/corpus/{parser}/<what it was>")
    return "\n".join(lines)
