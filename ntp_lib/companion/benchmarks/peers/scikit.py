"""scikit-learn where its problem is ours: the NTP-SVM of one-hot data, and the ridge path (paper, Rem. 1 and (8)).

With one-hot labels the NTP-SVM is the hard-margin Crammer–Singer machine without intercept, and for V = 2 the
binary hard-margin machine on the difference of the two rows. A hard margin is a penalty C above every multiplier.
The ridge path is multinomial logistic regression with one weighted sample for each pair of context and next token.
"""

from __future__ import annotations

import importlib.util
import time
from functools import partial
from typing import Any

import numpy as np

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.data.ntp_data import NTPData

SETTINGS = ("1e-4", "1e-6", "1e-8", "1e-10")
HARD = 1e6
# Coordinate descent cannot be stopped by the clock; so many rounds take seconds on the sizes compared.
MAX_ITERATIONS = 100_000
MISSING = "" if importlib.util.find_spec("sklearn") else "scikit-learn is not installed"


def svm_contenders(vocab_size: int) -> tuple[Contender, ...]:
    """The classes of scikit-learn whose problem is the NTP-SVM of one-hot data with so many tokens."""
    named = {"LinearSVC, Crammer–Singer": _linear} if vocab_size > 2 else {"LinearSVC, hinge": _linear}
    named |= {"SVC, linear kernel": _kernel} if vocab_size == 2 else {}
    return tuple(Contender(name, solve, SETTINGS, missing=MISSING) for name, solve in named.items())


def path_contender(penalties: list[float], *, isolated: bool = False) -> Contender:
    """Newton with the dense Hessian of all V·d unknowns, warm-started from penalty to penalty."""
    solve, settings = partial(_path, penalties), ("1e-8", "1e-12", "1e-16")
    return Contender("scikit-learn, newton-cholesky", solve, settings, isolated=isolated, missing=MISSING)


def _path(penalties: list[float], problem: NTPData, setting: str, limit: float) -> Answer:
    from sklearn.linear_model import LogisticRegression

    begin, decoders = time.perf_counter(), []
    pairs = problem.probs.tocoo()
    rows, tokens = pairs.coords
    weights = problem.context_probs[rows] * pairs.data
    fixed: dict[str, Any] = {"solver": "newton-cholesky", "fit_intercept": False, "max_iter": 1000}
    machine = LogisticRegression(**fixed, tol=float(setting), warm_start=True)
    for penalty in penalties:
        if time.perf_counter() - begin > limit:
            return Answer(None, stopped=True)
        machine.set_params(C=1 / penalty).fit(problem.embeddings[rows], tokens, sample_weight=weights)
        decoders.append(_decoder(machine, problem))
    return Answer(decoders)


def _decoder(machine: Any, data: NTPData) -> Any:
    """The coefficients by token; a token that never follows has none."""
    W = np.zeros((data.vocab_size, data.dim))
    W[machine.classes_] = machine.coef_
    return W


def _labels(data: NTPData) -> Any:
    return np.asarray(data.probs.toarray().argmax(axis=1))


def _linear(problem: NTPData, setting: str, limit: float) -> Answer:
    from sklearn.svm import LinearSVC

    kind: dict[str, Any] = {"loss": "hinge"} if problem.vocab_size == 2 else {"multi_class": "crammer_singer"}
    machine = LinearSVC(
        **kind, C=HARD, fit_intercept=False, tol=float(setting), max_iter=MAX_ITERATIONS, random_state=0
    ).fit(problem.embeddings, _labels(problem))
    both = np.vstack([-machine.coef_, machine.coef_]) / 2 if problem.vocab_size == 2 else None
    return Answer((_decoder(machine, problem) if both is None else both, None))


def _kernel(problem: NTPData, setting: str, limit: float) -> Answer:
    """Its intercept cannot be switched off; with every context mirrored it is zero by symmetry."""
    from sklearn.svm import SVC

    labels, embeddings = _labels(problem), problem.embeddings
    machine = SVC(kernel="linear", C=HARD, tol=float(setting), max_iter=MAX_ITERATIONS)
    machine.fit(np.vstack([embeddings, -embeddings]), np.concatenate([labels, 1 - labels]))
    return Answer((np.vstack([-machine.coef_, machine.coef_]) / 2, None))
