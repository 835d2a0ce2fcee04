import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_cases import CONDITIONS, answering, case

from ntp_lib import synthetic
from ntp_lib.companion.benchmarks.attempts import peak_mib
from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.companion.benchmarks.isolation import attempt_in_child
from ntp_lib.companion.benchmarks.judges import SVMJudge
from ntp_lib.companion.benchmarks.measuring import measure_case
from ntp_lib.companion.benchmarks.records import Ending
from ntp_lib.companion.benchmarks.topics import svm

[*_, ALONE] = svm.cases(True)
REQUEST = {"case": ALONE.id, "contender": "ntp_lib", "setting": "default", "repeat": 0, "smoke": True}


def measured(*peers, effort=CONDITIONS):
    return {found.contender: found for found in measure_case(case(*peers), effort).measurements}


def test_the_loosest_accurate_setting_is_timed():
    peer = Contender("peer", answering({"loose": 1e-3, "fit": 1e-7, "tight": 1e-9}), ("loose", "fit", "tight"))
    found = measured(peer)["peer"]
    assert (found.outcome, found.setting, len(found.seconds)) == (Ending.REACHED, "fit", 3)
    assert found.accuracy == {"error": 1e-7}


def test_a_peer_that_never_gets_there_is_reported_with_what_it_reached():
    found = measured(Contender("peer", answering({"loose": 1e-2, "tight": 1e-3}), ("loose", "tight")))["peer"]
    assert (found.outcome, found.setting) == (Ending.INACCURATE, "tight")
    assert found.accuracy == {"error": 1e-3}
    assert len(found.seconds) == 1


def test_a_peer_that_fails_is_reported_and_the_others_go_on():
    def fail(problem, setting, limit):
        raise RuntimeError("no memory\nand a long trace")

    found = measured(Contender("peer", fail))
    assert found["peer"].outcome is Ending.FAILED
    assert found["peer"].notes == {"reason": "RuntimeError: no memory"}
    assert found["ours"].outcome is Ending.REACHED


def test_a_peer_that_stops_itself_at_its_limit_is_not_accurate_by_luck():
    found = measured(Contender("peer", lambda p, s, limit: Answer(None, stopped=True)))["peer"]
    assert found.outcome is Ending.TIME_LIMIT
    assert found.accuracy == {}


def test_compiling_is_not_timed_and_our_own_limit_holds():
    asked = []
    peer = Contender("peer", lambda p, s, limit: asked.append((p, limit)) or Answer({"error": 0.0}), compiles=True)
    measured(peer, replace(peer, name="own", compiles=False, limit=7.0))
    assert asked == [(0, 1.0), (0, 1.0), (0, 7.0), (1, 1.0), (1, 7.0), (2, 1.0), (2, 7.0)]


def test_work_is_counted_in_products_of_the_same_process():
    data = synthetic.random(num_contexts=6, dim=8, vocab_size=5, support_size=2)
    counted = replace(case(), problem=lambda repeat: data, products=True)
    [found] = measure_case(counted, CONDITIONS).measurements
    assert 0 < found.notes["product_seconds"] < 1


def test_an_absent_peer_says_why():
    found = measured(Contender("peer", answering({}), missing="not installed"))["peer"]
    assert (found.outcome, found.seconds, found.notes) == (Ending.ABSENT, (), {"reason": "not installed"})


def test_accuracy_is_the_worst_of_the_repeats_and_nan_never_counts():
    errors = iter([1e-9, 1e-7, 1e-8])
    found = measured(Contender("peer", lambda p, s, limit: Answer({"error": next(errors)})))["peer"]
    assert found.accuracy == {"error": 1e-7}
    found = measured(Contender("peer", answering({"default": float("nan")})))["peer"]
    assert found.outcome is Ending.INACCURATE
    assert found.accuracy == {"error": None}


def test_contenders_take_turns_and_all_get_the_same_problem():
    order = []

    def note(name):
        return lambda problem, setting, limit: order.append((name, problem)) or Answer({"error": 0.0})

    measured(Contender("one", note("one")), Contender("two", note("two")))
    assert order == [(name, repeat) for repeat in range(3) for name in ("one", "two")]


def test_a_contender_over_its_budget_is_not_repeated():
    found = measured(Contender("peer", answering({"default": 0.0})), effort=replace(CONDITIONS, budget=0.0))[
        "peer"
    ]
    assert (found.outcome, len(found.seconds)) == (Ending.REACHED, 1)


@pytest.mark.parametrize(("limit", "outcome"), [(200.0, Ending.REACHED), (0.0, Ending.TIME_LIMIT)])
def test_an_attempt_in_a_child_is_judged_or_killed(limit, outcome):
    request = {
        "case": "svm/ntp-svm-4-5-4-2",
        "contender": "ntp_lib",
        "setting": "default",
        "repeat": 0,
        "smoke": True,
    }
    judge = SVMJudge()
    found = attempt_in_child(request, judge, limit)
    assert found.outcome is outcome
    assert ("bound" in judge.known) == (outcome is Ending.REACHED)
    assert ("memory_mib" in found.notes) == (outcome is Ending.REACHED)


def test_a_child_that_breaks_is_a_failure():
    request = {
        "case": "svm/ntp-svm-4-5-4-2",
        "contender": "nobody",
        "setting": "default",
        "repeat": 0,
        "smoke": True,
    }
    found = attempt_in_child(request, SVMJudge(), 200.0)
    assert found.outcome is Ending.FAILED
    assert "StopIteration" in str(found.notes["reason"])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says")
def test_the_peak_of_a_child_is_its_own():
    """Control: getrusage gives a child what its parent held when it was started."""
    held = np.ones(2**26)
    script = (
        "import resource; from ntp_lib.companion.benchmarks.attempts import peak_mib; "
        "print(peak_mib(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    own, inherited = map(float, output.split())
    assert 5 < own < held.nbytes / 2**20 < min(inherited, peak_mib())
