"""Environments in which libraries run the code that they have for other processors, or on one thread."""

from pathlib import Path
from typing import Final

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

Environment = dict[str, str]

# What a kernel of OpenBLAS needs, by the names of Linux.
_NEEDS: Final = {"Haswell": "avx2", "SkylakeX": "avx512f", "Nehalem": "sse4_2"}
# NumPy warns of what it would not use anyway.
_NUMPY: Final = " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name])

# As an x86-64 processor of 2008, which has what every later one has.
OLDEST: Final = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": _NUMPY,
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
}
ONE_THREAD: Final = {
    f"{name}_THREADS": "1" for name in ("OMP_NUM", "OPENBLAS_NUM", "POLARS_MAX", "NUMBA_NUM", "RAYON_NUM")
}


def kernel(name: str) -> Environment:
    """OpenBLAS's code for a processor, which NumPy, SciPy and faiss then use."""
    return {"OPENBLAS_CORETYPE": name}


def lacking(environment: Environment) -> str:
    """Why this processor can't run such code; empty if it can."""
    name = environment.get("OPENBLAS_CORETYPE", "")
    needed = _NEEDS.get(name, "")
    return "" if not needed or needed in _flags() else f"{name}: this processor has no {needed}"


def _flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.split())
    return set()
