"""Writes the locks (requirements.lock, -cuda, -bench) from pyproject.toml; see CONTRIBUTING.md, Dependencies.

`make lock` calls it. Versions stay as they are unless pyproject.toml forbids one or an option of uv's asks for
others, such as --upgrade or --upgrade-package NAME. Needs uv, which the development environment holds.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
LOCK, CPU_LOCK, CUDA_LOCK, BENCH_LOCK = (
    ROOT / f"requirements{kind}.lock" for kind in ("", "-cpu", "-cuda", "-bench")
)
EXTRAS = ("book", "fast", "bench", "dev")
# What torch needs for CUDA, in its build for Linux only.
CUDA = re.compile(r"nvidia-|cuda-|triton==")
TORCH = re.compile(r"^torch==([\w.]+)", flags=re.MULTILINE)
HEADER = """\
# Written by `make lock`, for Python 3.11 and later on every system; install with --no-deps, as `make env` does.
"""
BENCH_HEADER = """\
# Written by `make lock`: the peers that only `make bench` installs, besides what requirements.lock names.
"""
CUDA_HEADER = """\
# Written by `make lock`: what torch needs besides where it was built for CUDA.
"""


def resolve(options: list[str], extras: tuple[str, ...] = EXTRAS, within: str = "") -> list[str]:
    """One entry per package, hashes included, as uv resolves them; present versions are preferred.

    Args:
        options: of uv.
        extras: of pyproject.toml.
        within: a lock whose versions must not be left.
    """
    with TemporaryDirectory() as folder:
        target, constraint = Path(folder) / "lock", Path(folder) / "constraint"
        earlier = (path.read_text("utf-8") for path in (LOCK, CUDA_LOCK, BENCH_LOCK) if path.exists())
        target.write_text("".join(earlier), "utf-8")
        constraint.write_text(within, "utf-8")
        command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version=3.11"]
        command += [f"--extra={extra}" for extra in extras]
        command += [f"--constraint={constraint}"]
        command += [
            "--generate-hashes",
            "--no-header",
            "--no-annotate",
            "--no-emit-index-url",
            "--no-config",
            "--quiet",
        ]
        subprocess.run([*command, f"--output-file={target}", *options], cwd=ROOT, check=True)
        return re.findall(r"^\S.*\n(?:[ ].*\n)*", target.read_text("utf-8"), flags=re.MULTILINE)


def require_same_torch(lock: str) -> None:
    """Stops where torch has moved and the file kept by hand has not."""
    found, kept = (TORCH.findall(text) for text in (lock, CPU_LOCK.read_text("utf-8")))
    if found != kept:
        raise SystemExit(
            f"torch is now {found[0]}: write its version and the digests of its wheels into {CPU_LOCK.name}"
        )


def name_of(entry: str) -> str:
    """The package an entry speaks of."""
    return entry.partition("==")[0]


def write(path: Path, text: str) -> None:
    """Replaces a file by a whole one."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def main() -> None:
    """Resolves, splits, writes."""
    entries = resolve(sys.argv[1:])
    lock = HEADER + "".join(entry for entry in entries if not CUDA.match(entry))
    require_same_torch(lock)
    write(LOCK, lock)
    write(CUDA_LOCK, CUDA_HEADER + "".join(entry for entry in entries if CUDA.match(entry)))
    with_peers = resolve(sys.argv[1:], (*EXTRAS, "peers"), within="".join(entries))
    there = {name_of(entry) for entry in entries}
    write(BENCH_LOCK, BENCH_HEADER + "".join(entry for entry in with_peers if name_of(entry) not in there))


if __name__ == "__main__":
    main()
