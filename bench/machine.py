"""What a run cost: CPU time and memory of a server's whole process tree (Linux /proc), and what machine this is."""

import os
import platform
import time
from pathlib import Path
from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(roots: list[int]) -> float:
    """User and system time of the trees under `roots`, reaped children included, in seconds."""
    ticks = 0
    for root in roots:
        for process in family(root):
            try:
                stat = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            ticks += sum(map(int, stat[11:15]))
    return ticks / _TICKS


def cpu_in_front(roots: list[int]) -> float:
    """The same of what is alive and was not told to step back (`nice`), in seconds: what answering costs, without what is done aside."""
    ticks = 0
    for root in roots:
        for process in family(root):
            try:
                stat = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            ticks += sum(map(int, stat[11:13])) if int(stat[16]) <= 0 else 0
    return ticks / _TICKS


def megabytes(root: int) -> float:
    """Memory a process tree holds now, in MB: proportional set size, so that a page shared by n processes counts once."""
    total = 0
    for process in family(root):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def describe() -> str:
    """This machine in one line."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}"


class Meter:
    """``with Meter(roots) as m:`` then `m.wall` and `m.cpu`, in seconds."""

    def __init__(self, roots: list[int]) -> None:
        self._roots = roots
        self.wall = self.cpu = 0.0

    def __enter__(self) -> "Meter":
        self.cpu = -cpu_seconds(self._roots)
        self.wall = -time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall += time.perf_counter()
        self.cpu += cpu_seconds(self._roots)
