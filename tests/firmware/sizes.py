"""How much flash, RAM and stack the firmware's core takes, from a 32-bit build of it with -Os.

That is i386, not Xtensa: RAM is what the board will take (same widths, same alignment), flash and stack are near it.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

# Measured and about a quarter more. The application partition of a 4 MB board has 1,280 KiB, most of it for Wi-Fi and
# TLS; of 320 KiB RAM those leave about 160; a task of Arduino has 8 KiB of stack unless told otherwise.
FLASH_BUDGET_BYTES = 75_000
RAM_BUDGET_BYTES = 90_000
FRAME_BUDGET_BYTES = 4_096
FRAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Report:
    objects: dict[str, int]  # flash bytes
    ram: dict[str, int]
    frames: dict[str, int]  # stack bytes of a function, largest first
    static_bytes: int  # what the core's own objects keep in RAM

    @property
    def flash_bytes(self) -> int:
        return sum(self.objects.values())

    @property
    def ram_bytes(self) -> int:
        return sum(self.ram.values()) + self.static_bytes

    def over_budget(self) -> list[str]:
        taken = (
            ("flash", self.flash_bytes, FLASH_BUDGET_BYTES),
            ("RAM", self.ram_bytes, RAM_BUDGET_BYTES),
            ("stack of one function", max(self.frames.values()), FRAME_BUDGET_BYTES),
        )
        return [
            f"{what}: {count:,} bytes, above the budget of {budget:,} (tests/firmware/sizes.py)"
            for what, count, budget in taken
            if count > budget
        ]

    def lines(self) -> list[str]:
        return [
            f"flash {self.flash_bytes:>7,} bytes of {FLASH_BUDGET_BYTES:,}",
            *(f"      {count:>7,} {name}" for name, count in _largest_first(self.objects)),
            f"RAM   {self.ram_bytes:>7,} bytes of {RAM_BUDGET_BYTES:,}",
            *(f"      {count:>7,} {name}" for name, count in _largest_first(self.ram)),
            f"      {self.static_bytes:>7,} static data of the core",
            f"stack, largest frames, of {FRAME_BUDGET_BYTES:,}",
            *(f"      {count:>7,} {name}" for name, count in list(self.frames.items())[:FRAMES_SHOWN]),
        ]


def measure(folder: Path) -> Report:
    core = sorted(folder.glob("CMakeFiles/core.dir/lib/core/src/*.o"))
    sections = {path.name.removesuffix(".cpp.o"): _sections(path) for path in core}
    return Report(
        # Data with a value is in flash too, until it is copied at boot.
        objects={name: text + data for name, (text, data, _) in sections.items()},
        ram=_symbols(next(folder.glob("CMakeFiles/ram_of_a_node.dir/size/*.o"))),
        frames=_frames(folder),
        static_bytes=sum(data + bss for _, data, bss in sections.values()),
    )


def _sections(path: Path) -> tuple[int, int, int]:
    text, data, bss = _said("size", str(path)).splitlines()[1].split()[:3]
    return int(text), int(data), int(bss)


def _symbols(path: Path) -> dict[str, int]:
    rows = (line.split() for line in _said("nm", "--demangle", "--print-size", str(path)).splitlines())
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "bBdD"}


def _frames(folder: Path) -> dict[str, int]:
    frames: dict[str, int] = {}
    for path in folder.glob("CMakeFiles/core.dir/lib/core/src/*.su"):
        for line in path.read_text().splitlines():
            place, count, _ = line.split("\t")
            file, _, _, function = place.split(":", 3)
            frames[f"{Path(file).name}: {function}"] = int(count)
    return dict(_largest_first(frames))


def _largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
