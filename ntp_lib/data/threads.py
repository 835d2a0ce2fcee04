"""One thread for small problems: on small matrices the threads of a BLAS mostly wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
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


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which the linear algebra of NumPy and SciPy runs on one thread; then all is as before."""
    limit: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limit


def small_problems_on_one_thread(function: F) -> F:
    """Let a function, whose first argument is called data, run on one BLAS thread where the data are small."""

    @wraps(function)
    def limited(data: NTPData, *args: Any, **kwargs: Any) -> Any:
        if data.num_contexts * data.vocab_size * data.dim > SMALL:
            return function(data, *args, **kwargs)
        with one_blas_thread():
            return function(data, *args, **kwargs)

    return cast(F, limited)
