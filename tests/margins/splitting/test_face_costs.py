"""What a face costs beside iterations, counted by hand."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.splitting import solve as module
from ntp_lib.margins.splitting.problem import ConeProblem

EASY = ntp.synthetic.random(num_contexts=6, dim=9, vocab_size=5, support_size=2, num_sequences=500, seed=0)


def test_the_cost_of_a_face_is_counted_by_hand():
    """Two contexts, three tokens; token 0 has one pair, token 1 two, token 2 none."""
    problem = ConeProblem.of(ntp.NTPData([[1.0, 0, 0, 0, 0], [0, 1, 0, 0, 0]], [0.5, 0.5], [[1, 0, 0], [0, 1, 0]]))
    A = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    face = 2 * (4 * (1 + 8) + 8) + 3 * module.TOKEN_OVERHEAD
    product = 2 * 2 * 3 * 2 + module.ITERATION_OVERHEAD
    assert module._affordable_faces(problem, A, 70) == pytest.approx(70 * product / face, rel=1e-15)


def test_the_cost_of_an_iteration_is_that_of_two_thin_products_where_these_are_cheaper(monkeypatch):
    monkeypatch.setattr(module, "TOKEN_OVERHEAD", 0)
    monkeypatch.setattr(module, "ITERATION_OVERHEAD", 0)
    rows = np.random.default_rng(0).standard_normal((7, 2))
    problem = ConeProblem.of(ntp.NTPData(rows, np.full(7, 1 / 7), np.eye(2)[[0, 1, 0, 1, 0, 1, 0]]))
    # 7·2 logits by a 7×2 and a 2×7 matrix; blocks of four and three contexts, and the 7×7 system for the levels.
    expected = 2 * 7 * 2 * 4 / (2 * (4 * (4**3 + 3**3) + 7**3))
    assert module._affordable_faces(problem, np.zeros((7, 2)), 1) == pytest.approx(expected, rel=1e-15)


def test_beyond_the_limit_no_face_is_affordable(monkeypatch):
    problem, A = ConeProblem.of(EASY), np.zeros((6, 5))
    monkeypatch.setattr(module, "MAX_FACE_CONTEXTS", 6)
    assert module._affordable_faces(problem, A, 20) > 0
    monkeypatch.setattr(module, "MAX_FACE_CONTEXTS", 5)
    assert module._affordable_faces(problem, A, 20) == 0
