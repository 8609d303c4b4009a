"""Time and memory of a whole process, seen from outside, and the machine it ran on."""

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
_LIBRARIES: Final = (
    "bertopic",
    "faiss-cpu",
    "hdbscan",
    "llvmlite",
    "numba",
    "numpy",
    "polars",
    "duckdb",
    "pynndescent",
    "scikit-learn",
    "scipy",
    "umap-learn",
)


def run(module: str, *arguments: object) -> dict[str, float]:
    """Run a module in a new process, to its end.

    Whoever calls this must be small: Linux counts the memory of the process that starts another one as that
    one's until it is its own, and keeps the peak.

    Returns:
        `seconds` and `cpu_seconds` with start and imports, and `peak_mb`, the resident memory (in 1e6 bytes)
        of the process, or of a child of its own if that had more.

    Raises:
        SystemExit: the process failed.
    """
    command = [sys.executable, "-W", "ignore", "-m", f"tests.bench.topics.{module}", *map(str, arguments)]
    started = time.perf_counter()
    child = subprocess.Popen(command, cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command[4:])} failed with {child.returncode}")
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6),
    }


def environment() -> dict[str, Any]:
    """Date, machine, load at this moment and versions."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _cpu() -> str:
    """The processor's name, where the system tells it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
