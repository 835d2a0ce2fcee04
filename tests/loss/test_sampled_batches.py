"""How large a batch may be, what is drawn, and that dense and sparse rows are one."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss import sampled
from ntp_lib.loss.sampled import SampledSlope


def refusal(data, **options):
    with pytest.raises(ntp.NTPDataError) as raised:
        SampledSlope(data, **options)
    return str(raised.value)


@pytest.mark.parametrize(("d", "V"), [(3, 5), (6, 4)])
@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_batch_has_at_most_as_many_entries_as_allowed(d, V, most, random_problem, monkeypatch):
    data = random_problem(0, d=d, V=V)
    wider = max(d, V)
    for entries in (most * wider, most * wider + wider - 1):
        monkeypatch.setattr(sampled, "MOST_ENTRIES", entries)
        assert SampledSlope(data, batch_size=most)(np.zeros((V, d))).shape == (V, d)
        assert refusal(data, batch_size=most + 1) == (
            f"batch_size is {most + 1}; it must be a whole number of at least 1 and at most {most}"
        )


def test_one_context_is_always_allowed(random_problem, monkeypatch):
    data = random_problem(0)
    monkeypatch.setattr(sampled, "MOST_ENTRIES", 1)
    SampledSlope(data, batch_size=1)
    assert refusal(data, batch_size=2).endswith("at least 1 and at most 1")


@pytest.mark.parametrize("seed", [-1, 1.5, "0"])
def test_seeds_are_whole_numbers(seed, random_problem):
    assert refusal(random_problem(0), batch_size=1, seed=seed) == (
        f"seed is {seed!r}; it must be a whole number of at least 0"
    )


def by_definition(data, W, rows):
    """The mean over the batch of (softmax(W h̄_j) − p̂_j) h̄_jᵀ, one context at a time."""
    total = np.zeros_like(W)
    for j in rows:
        powers = np.exp(W @ data.embeddings[j])
        total += np.outer(powers / powers.sum() - data.next_token_probs[j], data.embeddings[j])
    return total / len(rows)


@pytest.mark.parametrize("sizes", [(1, 1), (1, None), (2, 3)])
@pytest.mark.parametrize("entries", [25, 2**24], ids=["sparse", "dense"])
def test_every_batch_is_the_next_draw_of_the_seeded_generator(sizes, entries, random_problem, monkeypatch):
    data = random_problem(3, m=6, sizes=sizes)
    monkeypatch.setattr(sampled, "MOST_ENTRIES", entries)
    W, rng = np.random.default_rng(7).standard_normal((5, 3)), np.random.default_rng(11)
    slope = SampledSlope(data, batch_size=4, seed=11)
    for _ in range(5):
        rows = rng.choice(6, 4, p=data.context_probs)
        np.testing.assert_allclose(slope(W), by_definition(data, W, rows), rtol=1e-12, atol=1e-15)


def test_a_batch_of_one_hot_labels_sees_residuals_however_small():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    W = np.array([[100.0, 0.0], [0.0, 100.0], [0.0, 0.0]])
    found = SampledSlope(data, batch_size=1)(W)
    assert np.abs(found).max() == pytest.approx(2 * np.exp(-100), rel=1e-13)
    assert found.sum() == pytest.approx(0, abs=1e-58)
