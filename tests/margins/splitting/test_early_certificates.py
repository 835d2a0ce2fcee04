"""Certificates that are tried after a few iterations: how soon they decide, and from which multipliers."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.certificates import certificate_margin
from ntp_lib.margins.splitting import solve as module
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer


@pytest.mark.parametrize("seed", range(3))
def test_far_beyond_the_threshold_twenty_iterations_are_enough(seed, monkeypatch):
    data = ntp.synthetic.random(
        num_contexts=60, dim=20, vocab_size=6, support_size=3, num_sequences=5000, seed=seed
    )
    found = module.solve(data)
    assert found.answer is Answer.CERTIFICATE
    assert found.iterations <= 20 + module.SEARCH_FACES + 2
    assert certificate_margin(found.dual, data) < 1e-13
    monkeypatch.setattr(module, "EARLY", ())
    late = module.solve(data)
    assert late.answer is Answer.CERTIFICATE
    assert late.iterations > 5 * found.iterations


def test_early_certificates_start_from_large_multipliers(monkeypatch):
    """Those below a tenth of their context's largest are left out, the rows still sum to zero."""
    given = []
    monkeypatch.setattr(
        module, "refined_certificate", lambda problem, A, *, tolerance: given.append(A) or (None, 1)
    )
    monkeypatch.setattr(ConeProblem, "gap", lambda self, A, logits: -np.inf)
    rows = np.random.default_rng(0).standard_normal((3, 2))
    problem = ConeProblem.of(ntp.NTPData(rows, [0.3, 0.3, 0.4], np.eye(3, 4)))
    A = np.array([[3.01, -2.0, -0.7, -0.31], [-0.4, 0.9, -0.1, -0.4], [-2.0, -1.5, 3.6, -0.1]])
    module._early_certificate(problem, A, A, 20)
    # 0.31 is above a tenth of 3.01 and stays; so does 0.1 beside 0.9; 0.1 beside 3.6 goes.
    expected = A.copy()
    expected[2] = [-2.0, -1.5, 3.5, 0.0]
    np.testing.assert_allclose(given[0], expected, atol=1e-15)
