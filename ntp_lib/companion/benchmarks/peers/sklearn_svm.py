"""scikit-learn where its problem is ours: one next token per context (paper, Rem. 1).

With one-hot labels the NTP-SVM is the hard-margin Crammer–Singer machine without intercept, and for V = 2 the
binary hard-margin machine on the difference of the two rows. A hard margin is a penalty C above every multiplier.
"""

from __future__ import annotations

import importlib.util

import numpy as np

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.data.ntp_data import NTPData

SETTINGS = ("1e-4", "1e-6", "1e-8", "1e-10")
HARD = 1e6
# Coordinate descent cannot be stopped by the clock; so many rounds take seconds on the sizes compared.
MAX_ITERATIONS = 100_000


def sklearn_contenders(vocab_size: int) -> tuple[Contender, ...]:
    """The classes of scikit-learn whose problem is the NTP-SVM of one-hot data with so many tokens."""
    missing = "" if importlib.util.find_spec("sklearn") else "scikit-learn is not installed"
    if vocab_size > 2:
        return (Contender("LinearSVC, Crammer–Singer", _crammer_singer, SETTINGS, missing=missing),)
    return (
        Contender("LinearSVC, hinge", _linear, SETTINGS, missing=missing),
        Contender("SVC, linear kernel", _kernel, SETTINGS, missing=missing),
    )


def _labels(data: NTPData) -> np.ndarray:
    return np.asarray(data.probs.toarray().argmax(axis=1))


def _answer(W: np.ndarray, iterations: object) -> Answer:
    return Answer((W, None), notes={"iterations": int(np.max(iterations))})  # type: ignore[call-overload]


def _crammer_singer(problem: NTPData, setting: str, limit: float) -> Answer:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(
        multi_class="crammer_singer",
        C=HARD,
        fit_intercept=False,
        tol=float(setting),
        max_iter=MAX_ITERATIONS,
        random_state=0,
    ).fit(problem.embeddings, _labels(problem))
    W = np.zeros((problem.vocab_size, problem.dim))
    W[machine.classes_] = machine.coef_
    return _answer(W, machine.n_iter_)


def _linear(problem: NTPData, setting: str, limit: float) -> Answer:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(
        loss="hinge", C=HARD, fit_intercept=False, tol=float(setting), max_iter=MAX_ITERATIONS, random_state=0
    ).fit(problem.embeddings, _labels(problem))
    return _answer(np.vstack([-machine.coef_, machine.coef_]) / 2, machine.n_iter_)


def _kernel(problem: NTPData, setting: str, limit: float) -> Answer:
    """Its intercept cannot be switched off; with every context mirrored it is zero by symmetry."""
    from sklearn.svm import SVC

    labels, embeddings = _labels(problem), problem.embeddings
    machine = SVC(kernel="linear", C=HARD, tol=float(setting), max_iter=MAX_ITERATIONS)
    machine.fit(np.vstack([embeddings, -embeddings]), np.concatenate([labels, 1 - labels]))
    return _answer(np.vstack([-machine.coef_, machine.coef_]) / 2, machine.n_iter_)
