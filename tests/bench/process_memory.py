"""Peak memory of a process and all it starts, sampled from /proc."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.02


@dataclass
class Peak:
    total_bytes: int | None = None
    """Largest sum over all processes at one moment; memory they share counted once (PSS). None off Linux."""


def run_and_measure(arguments: list[str], *, samples_memory: bool) -> Peak:
    """Run a command to its end; raises CalledProcessError where it fails."""
    peak = Peak()
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    done = threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peak, done), daemon=True)
    if samples_memory and sys.platform == "linux":
        sampler.start()
    _, errors = process.communicate()
    done.set()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments, stderr=errors[-2000:])
    return peak


def _sample(root: int, peak: Peak, done: threading.Event) -> None:
    while not done.wait(SAMPLE_S):
        total = sum(_pss(pid) for pid in _tree(root))
        peak.total_bytes = max(peak.total_bytes or 0, total)


def _tree(root: int) -> list[int]:
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
