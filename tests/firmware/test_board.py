"""The board's build files agree with each other: partitions, environments, workflow, and the page that tells of them.

Nothing here builds for a board; what can be checked of its code is in ctest (firmware/stubs).
"""

import configparser
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
WORKFLOW = (ROOT / ".github" / "workflows" / "firmware.yml").read_text(encoding="utf-8")
PAGE = (FIRMWARE / "docs" / "board.md").read_text(encoding="utf-8")
APP_ALIGNMENT, BLOCK_BYTES = 0x10000, 0x1000
FIRST_FREE_BYTE = 0x9000  # behind boot loader and partition table
FLASHES = {"flash_4mb": 4 << 20, "flash_16mb": 16 << 20}


@dataclass(frozen=True, slots=True)
class Partition:
    name: str
    kind: str
    subtype: str
    offset: int
    size: int


def partitions(table: str) -> list[Partition]:
    text = (FIRMWARE / "partitions" / f"{table}.csv").read_text(encoding="ascii")
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    cells = [[cell.strip() for cell in row] for row in rows]
    return [Partition(row[0], row[1], row[2], int(row[3], 0), int(row[4], 0)) for row in cells]


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(FIRMWARE / "platformio.ini", encoding="utf-8")
    return parser


def environments() -> list[str]:
    return [name.removeprefix("env:") for name in settings().sections() if name.startswith("env:")]


def of_environment(name: str, key: str) -> str | None:
    """A setting as PlatformIO finds it: of the environment itself, or of what it extends."""
    parser = settings()
    own = f"env:{name}"
    bases = [base.strip() for base in parser[own]["extends"].split(",")]
    found = [parser[section][key] for section in (own, *bases) if key in parser[section]]
    return found[0] if found else None


@pytest.mark.parametrize("table", FLASHES)
def test_partitions_lie_one_behind_the_other_and_fill_the_flash(table: str) -> None:
    end = FIRST_FREE_BYTE
    for partition in partitions(table):
        assert partition.offset >= end, f"{partition.name} begins inside the one before it"
        assert partition.offset - end < APP_ALIGNMENT, f"{partition.name} leaves a hole before it"
        alignment = APP_ALIGNMENT if partition.kind == "app" else BLOCK_BYTES
        assert partition.offset % alignment == partition.size % BLOCK_BYTES == 0
        end = partition.offset + partition.size
    assert end == FLASHES[table]


@pytest.mark.parametrize("table", FLASHES)
def test_a_firmware_that_fits_one_slot_fits_the_other(table: str) -> None:
    slots = [partition for partition in partitions(table) if partition.kind == "app"]

    assert [slot.subtype for slot in slots] == ["ota_0", "ota_1"]
    assert slots[0].size == slots[1].size


@pytest.mark.parametrize("table", FLASHES)
def test_the_outbox_is_found_by_its_name(table: str) -> None:
    code = (FIRMWARE / "src" / "littlefs_storage.cpp").read_text(encoding="utf-8")
    label = re.search(r'kLabel\[\] = "(\w+)"', code)

    assert label is not None
    assert [p.subtype for p in partitions(table) if p.name == label[1]] == ["spiffs"]


@pytest.mark.parametrize("name", environments())
def test_an_environment_has_a_table_of_its_own_size_and_an_index_for_all_of_its_outbox(name: str) -> None:
    path = of_environment(name, "board_build.partitions")
    assert path is not None
    table = partitions(Path(path).stem)
    slot = next(partition for partition in table if partition.kind == "app")
    outbox = next(partition for partition in table if partition.name == "outbox")
    config = (FIRMWARE / "lib/core/src/config.h").read_text(encoding="utf-8")
    told = re.search(r"-DCT_MAX_SEGMENTS=(\d+)", of_environment(name, "build_flags") or "")
    default = re.search(r"#define CT_MAX_SEGMENTS (\d+)", config)
    assert default is not None

    assert int((told or default)[1]) >= outbox.size // BLOCK_BYTES
    most_bytes = of_environment(name, "board_upload.maximum_size")
    assert most_bytes is None or int(most_bytes) == slot.size
    mib = f"{outbox.size / (1 << 20):g} MiB"
    assert re.search(rf"\| `{name}` .*\| ({mib}|the same) \|", PAGE)


def test_the_workflow_builds_every_environment_with_the_pinned_tool_and_little_power() -> None:
    matrix = re.search(r"environment: \[(.*)\]", WORKFLOW)
    assert matrix is not None
    assert matrix[1].split(", ") == environments()
    actions = re.findall(r"uses: (\S+)", WORKFLOW)
    assert actions
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions), actions
    assert re.search(r"^permissions:\n  contents: read\n\n", WORKFLOW, re.MULTILINE)
    assert "secrets." not in WORKFLOW

    pinned = re.search(r"^(platformio==\S+)", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.M)
    assert pinned is not None
    assert f"pip install {pinned[1]}" in PAGE


def test_the_page_tells_what_each_number_of_flashes_means() -> None:
    code = (FIRMWARE / "lib/core/src/led_pattern.cpp").read_text(encoding="utf-8")
    in_code = {int(count) for count in re.findall(r"case LedState::\w+: return (\d);", code)} - {0}
    in_page = {int(count) for count in re.findall(r"^\| (\d)(?: flash\w*)?[,\s|]", PAGE, re.MULTILINE)}

    assert in_page == in_code


def test_no_secret_is_in_the_source_of_the_shell() -> None:
    sources = [*(FIRMWARE / "src").iterdir(), *(FIRMWARE / "partitions").iterdir(), FIRMWARE / "platformio.ini"]
    for source in sources:
        text = source.read_text(encoding="utf-8")
        assert not re.search(r'(?i)(password|secret|ssid|token)\w*\s*(\[\])?\s*=\s*"[^"]', text), source
        assert "-----BEGIN" not in text, source
