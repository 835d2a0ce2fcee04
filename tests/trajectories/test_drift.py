"""The drift that sampled tokens give Adam off F, against a run with margins beyond float64."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories.drift import token_drift

DATA = ntp.synthetic.random(num_contexts=12, dim=14, vocab_size=6, support_size=3)
REFERENCES = ntp.references(DATA)


def test_one_context_with_three_tokens_drifts_down_by_the_formula_of_the_book():
    probs = np.array([0.5, 0.3, 0.2, 0.0])
    found = token_drift(ntp.references(ntp.NTPData([[1.0]], [1.0], [probs])), betas=(0.0, 0.99))
    expected = -0.5 * 0.01 * (3 - 2) / np.sqrt(probs * (1 - probs)).sum()
    assert found[:3, 0] == pytest.approx(np.full(3, expected), rel=1e-12)
    assert found[3, 0] == 0, "a token that never occurs has no gradient at infinite margins"


def test_two_possible_tokens_do_not_drift():
    drift = token_drift(ntp.references(ntp.NTPData([[1.0]], [1.0], [[0.7, 0.3, 0.0]])), betas=(0.9, 0.99))
    assert np.abs(drift).max() <= 1e-16


def test_the_drift_lies_off_F_and_falls_with_the_batch():
    drift = token_drift(REFERENCES, betas=(0.9, 0.99))
    assert np.linalg.norm(REFERENCES.F.project(drift)) <= 1e-12 * np.linalg.norm(drift)
    quarter = token_drift(REFERENCES, betas=(0.9, 0.99), batch_size=16)
    assert 4 * quarter == pytest.approx(drift, rel=1e-12)


def test_a_run_with_infinite_margins_drifts_as_predicted():
    start = REFERENCES.compatibility.W_star + 1e3 * REFERENCES.W_mm
    drift = token_drift(REFERENCES, betas=(0.9, 0.99))

    def cosine(**sampling):
        run = ntp.train(
            DATA,
            method="adam",
            step_size=0.002,
            steps=6000,
            W0=start,
            references=REFERENCES,
            num_records=2,
            **sampling,
        )
        moved = REFERENCES.F.project_complement(run.W - start)
        return np.sum(moved * drift) / np.linalg.norm(moved) / np.linalg.norm(drift)

    # Of first order in 1 − β₂ = 0.01 and in η / (1 − β₂) = 0.2, entry by entry: an angle of 0.2 or so is left, and
    # the run's own noise.
    assert cosine(batch_size=1, sample_tokens=True) >= 0.9
    assert cosine(batch_size=1) <= 0.9, "control: whole distributions have no noise at W*"


def test_data_without_a_W_star_are_refused():
    conflict = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[0.9, 0.1, 0.0], [0.5, 0.5, 0.0]])
    with pytest.raises(ntp.NTPDataError, match="not compatible"):
        token_drift(ntp.references(conflict), betas=(0.9, 0.99))
