"""Small problems run on one thread of the linear algebra, large ones on all, and the setting is restored."""

from contextlib import contextmanager
from threading import Event, Thread

import pytest
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


@contextmanager
def two_threads_of_the_process():
    """Pools of two, set by nobody in particular."""
    limit = threadpoolctl.ThreadpoolController().limit(limits=2, user_api="blas")
    threadpoolctl.OpenBLASController.clear_controlling_thread()
    try:
        yield
    finally:
        limit.restore_original_limits()
        threadpoolctl.OpenBLASController.clear_controlling_thread()


def test_two_threads_leave_the_setting_as_it_was():
    """A and B in, A out, B out: the second one in saw a limit that was not the process's own."""
    entered, leave, left = ([Event(), Event()] for _ in range(3))
    end = Event()

    def stay(i):
        with threads.one_blas_thread():
            entered[i].set()
            leave[i].wait(200)
        left[i].set()
        end.wait(200)

    with two_threads_of_the_process():
        before = blas_threads()
        workers = [Thread(target=stay, args=(i,)) for i in range(2)]
        for i in range(2):
            workers[i].start()
            assert entered[i].wait(200)
        assert blas_threads() == {1}
        # The one that set the limit stays alive after it has left: it must not keep the right to lift it.
        leave[0].set()
        assert left[0].wait(200)
        assert blas_threads() == {1}, "one is still inside"
        leave[1].set()
        assert left[1].wait(200)
        assert blas_threads() == before
        end.set()
        for worker in workers:
            worker.join()
        assert blas_threads() == before


def test_the_limit_is_lifted_by_the_outermost_even_after_an_error():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(ZeroDivisionError), threads.one_blas_thread(), threads.one_blas_thread():
            raise ZeroDivisionError
        assert blas_threads() == before


def test_a_new_limit_serves_one_after_another_and_one_within_another():
    limit = threads._OneThread()
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        for _ in range(2):
            with limit:
                assert blas_threads() == {1}
                with limit:
                    assert blas_threads() == {1}
                assert blas_threads() == {1}
            assert blas_threads() == before


def test_the_pools_are_those_of_the_libraries_loaded():
    found = threads._controller.__wrapped__().info()
    assert {pool["user_api"] for pool in found} >= {"blas"}
    assert found == threadpoolctl.threadpool_info()


@pytest.mark.parametrize(("size", "limited"), [(2 * 5 * 3, True), (2 * 5 * 3 - 1, False)])
def test_the_size_of_a_product_decides(size, limited, monkeypatch):
    monkeypatch.setattr(threads, "SMALL", size)
    data = ntp.NTPData([[1.0, 2.0]] * 3, [0.25, 0.25, 0.5], [[0.2] * 5] * 3)
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        assert (seen(data)[0] == {1}) == limited
