"""Small problems run on one thread of the linear algebra, large ones on all, and the setting is restored."""

import threadpoolctl

import ntp_lib as ntp
from ntp_lib.data import threads


def blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


@threads.small_problems_on_one_thread
def seen(data, *, extra=0):
    """A documented function."""
    return blas_threads(), extra


def test_only_small_problems_are_limited(monkeypatch):
    data = ntp.synthetic.toy_2d()
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assert seen(data, extra=3) == ({1}, 3)
        assert blas_threads() == before
        monkeypatch.setattr(threads, "SMALL", 0)
        assert seen(data)[0] == before
    assert seen.__doc__ == "A documented function."


def test_data_may_be_named():
    assert seen(data=ntp.synthetic.toy_2d())[0] == {1}
