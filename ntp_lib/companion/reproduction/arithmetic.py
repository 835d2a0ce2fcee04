"""What a process computes with: linear algebra, its kernels and threads, and the bits they give."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

# Names under which libraries look up how many threads they may take.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}


def arithmetic() -> dict[str, Any]:
    """The arithmetic of this process, as far as libraries are loaded that have one of their own.

    Two processes that compute alike say the same here; the reverse holds as far as one product can show.

    Returns:
        blas: Per library loaded its `library`, the `kernel` chosen for this processor, `threads`, whether it is
            `threaded` at all.
        torch: Its `capability` (instructions) and `threads`, where it is loaded; its BLAS tells no more.
        products: Digests of the bits of one fixed product of matrices, by the package that took it.
    """
    described: dict[str, Any] = {"blas": _blas(), "products": {}}
    if (numpy := sys.modules.get("numpy")) is not None:
        described["products"]["numpy"] = _product(numpy)
    if (torch := sys.modules.get("torch")) is not None:
        described["torch"] = {
            "capability": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
        }
        described["products"]["torch"] = _product(torch)
    return described


def _blas() -> list[dict[str, Any]]:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    found = [
        {
            "library": f"{pool['internal_api']} {pool['version'] or '(version unknown)'}",
            "kernel": pool.get("architecture") or "unknown",
            "threads": pool["num_threads"],
            # Some packages bring one that was built for a single thread and cannot be asked for more.
            "threaded": pool.get("threading_layer") != "disabled",
        }
        # Several copies may be of the same version; their order on the way through memory means nothing.
        for pool in sorted(threadpool_info(), key=lambda pool: Path(pool["filepath"]).name)
        if pool["user_api"] == "blas"
    ]
    return sorted(found, key=lambda library: str(library["library"]))


@cache
def _product(package: Any) -> str:
    """Digest of a product whose factors are quotients of integers, hence the same everywhere."""
    left, right = (
        (package.arange(count, dtype=package.float64) % divisor / divisor).reshape(shape)
        for count, divisor, shape in ((60 * 200, 97, (60, 200)), (200 * 80, 89, (200, 80)))
    )
    bits = (left @ right).reshape(-1).tolist()
    return hashlib.sha256(" ".join(value.hex() for value in bits).encode()).hexdigest()[:16]
