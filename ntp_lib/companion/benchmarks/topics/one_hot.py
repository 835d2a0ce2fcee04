"""scikit-learn where its problem is the NTP-SVM: one-hot data, for two tokens and for ten."""

from __future__ import annotations

from ntp_lib.companion.benchmarks.cases import Case
from ntp_lib.companion.benchmarks.peers.cvxpy_model import cvxpy_contenders
from ntp_lib.companion.benchmarks.peers.sklearn_svm import sklearn_contenders
from ntp_lib.companion.benchmarks.topics.svm import ours, svm_case

INSTANCES = ((50, 60, 2, 1), (200, 240, 2, 1), (50, 60, 10, 1), (200, 240, 10, 1))
SMALL = ((6, 8, 2, 1), (6, 8, 3, 1))


def cases(smoke: bool) -> list[Case]:
    """One-hot instances; no target was fixed for them."""
    return [
        svm_case(f"one-hot/{m}-{d}-{V}", (m, d, V, S), (ours(), *sklearn_contenders(V), *cvxpy_contenders()))
        for m, d, V, S in (SMALL if smoke else INSTANCES)
    ]
