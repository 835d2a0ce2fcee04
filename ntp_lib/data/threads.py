"""One thread for small problems: on small matrices the threads of a BLAS mostly wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from threading import Lock
from typing import Any, TypeVar, cast

import threadpoolctl

from ntp_lib.data.ntp_data import NTPData

# Multiplications m·V·d of one product of the embeddings with a decoder, up to which one thread is the fastest.
SMALL = 10**7

F = TypeVar("F", bound=Callable[..., Any])


@cache
def _controller() -> Any:
    """The thread pools of the libraries loaded, looked up once."""
    return threadpoolctl.ThreadpoolController()


def _let_go() -> None:
    """Let any thread set the limit next: threadpoolctl 3.8 takes orders from the thread that set it last alone."""
    release = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if release is not None:
        release()


class _OneThread:
    """Limits every pool to one thread while anyone is inside.

    The limit belongs to the process, not to a thread. So the first one in sets it and the last one out, which may
    be in another thread, restores what was before: were each to restore what it found, one that came in second
    would leave the limit behind.
    """

    _limit: Any

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _controller().limit(limits=1, user_api="blas")
                _let_go()
            self._inside += 1

    def __exit__(self, *problem: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()
                _let_go()


_ONE_THREAD = _OneThread()


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which the linear algebra of NumPy and SciPy runs on one thread; then all is as before.

    It may be nested and entered from several threads. A large problem beside a small one shares its limit.
    """
    return _ONE_THREAD


def threads_for(multiplications: int) -> AbstractContextManager[Any]:
    """A context of one BLAS thread where a product has few multiplications, of as many as there are where not."""
    return one_blas_thread() if multiplications <= SMALL else nullcontext()


def small_problems_on_one_thread(function: F) -> F:
    """Let a function, whose first argument is called data, run on one BLAS thread where the data are small."""

    @wraps(function)
    def limited(data: NTPData, *args: Any, **kwargs: Any) -> Any:
        with threads_for(data.num_contexts * data.vocab_size * data.dim):
            return function(data, *args, **kwargs)

    return cast(F, limited)
