"""The paper's two synthetic problems: what is printed of them, and what counting makes of the rest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ntp_lib as ntp


def entropy(data):
    """H from its definition, one probability at a time."""
    total = 0.0
    for weight, row in zip(data.context_probs, data.next_token_probs, strict=True):
        total -= weight * sum(p * np.log(p) for p in row if p > 0)
    return total


def test_the_plane_has_the_paper_s_entropy_and_supports():
    data = ntp.synthetic.toy_2d()
    assert data.entropy == pytest.approx(0.8811, abs=5e-4)
    assert data.entropy == pytest.approx(entropy(data), rel=1e-14)
    assert [set(np.flatnonzero(row) + 1) for row in data.support] == [{2, 3, 4}, {1, 2, 5}, {1, 4, 5}]
    # Word 3 follows one context, every other word two.
    assert data.support.sum(axis=0).tolist() == [2, 2, 1, 2, 2]
    assert np.linalg.norm(data.embeddings, axis=1) == pytest.approx(1, rel=1e-15)
    # The contexts positively span the plane: they add up to zero.
    assert np.abs(data.embeddings.sum(axis=0)).max() <= 1e-15


def test_the_plane_is_separable_and_compatible():
    data = ntp.synthetic.toy_2d()
    assert ntp.separability(data).holds
    assert ntp.compatibility(data).holds
    squeezed = ntp.NTPData(np.abs(data.embeddings), data.context_probs, data.next_token_probs)
    assert not ntp.separability(squeezed).holds, "control: contexts in one quadrant"


def test_the_default_experiment_has_the_paper_s_sizes_and_entropy():
    data = ntp.synthetic.random()
    assert (data.num_contexts, data.dim, data.vocab_size, data.num_sequences) == (50, 60, 10, 5000)
    assert data.support_sizes.tolist() == [6] * 50
    assert data.entropy == pytest.approx(1.445, abs=0.02)
    assert data.entropy == pytest.approx(entropy(data), rel=1e-13)
    # Uniform draws from the simplex over six tokens: 1/2 + … + 1/6 nats on average.
    assert np.mean([ntp.synthetic.random(seed=s).entropy for s in range(20)]) == pytest.approx(1.45, abs=0.03)


@given(
    m=st.integers(1, 12), d=st.integers(1, 5), V=st.integers(2, 8), extra=st.integers(0, 200),
    seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=60)
def test_probabilities_are_counts(m, d, V, extra, seed, share):
    S = 1 + int(share * (V - 1))
    data = ntp.synthetic.random(
        num_contexts=m, dim=d, vocab_size=V, support_size=S, num_sequences=m * S + extra, seed=seed
    )
    assert (data.num_contexts, data.dim, data.vocab_size) == (m, d, V)
    counts = (m * S + extra) * data.context_probs[:, None] * data.next_token_probs
    assert np.abs(counts - np.rint(counts)).max() <= 1e-9
    assert (np.rint(counts)[data.support] >= 1).all()
    assert np.rint(counts).sum() == m * S + extra
    assert (data.support.sum(axis=1) == S).all()


def test_the_seed_decides_everything():
    first, again, other = (ntp.synthetic.random(seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(first.embeddings, again.embeddings)
    assert np.array_equal(first.next_token_probs, again.next_token_probs)
    assert np.array_equal(first.context_probs, again.context_probs)
    assert not np.array_equal(first.embeddings, other.embeddings)
    assert not np.array_equal(first.support, other.support)


def test_embeddings_are_standard_gaussian():
    embeddings = ntp.synthetic.random(num_contexts=50, dim=400).embeddings
    # 20 000 draws: the mean is known to 0.007, the standard deviation to 0.005.
    assert abs(embeddings.mean()) < 0.03
    assert embeddings.std() == pytest.approx(1, abs=0.02)


def test_the_paper_s_step_size_lies_below_two_over_L_but_not_below_its_own_bound():
    L = ntp.smoothness(ntp.synthetic.random())
    assert 1 / (2 * L) < 0.5 < 2 / L


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"num_contexts": 0}, "num_contexts is 0"),
        ({"dim": 0}, "dim is 0"),
        ({"support_size": 0}, "support_size is 0"),
        ({"support_size": 11}, "support_size is 11; it can be at most vocab_size = 10"),
        ({"num_sequences": 299}, "num_sequences is 299.* = 300"),
        ({"vocab_size": 1, "support_size": 1}, "V = 1"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.synthetic.random(**sizes)


def test_the_fewest_sequences_make_uniform_probabilities():
    data = ntp.synthetic.random(num_sequences=300)
    assert data.next_token_probs[data.support] == pytest.approx(1 / 6, rel=1e-14)


def test_clusters_are_one_hot_and_scattered_about_their_centres():
    data = ntp.synthetic.clusters(num_classes=3, dim=4, per_class=200, noise=0.1, seed=1)
    assert data.entropy == 0
    assert data.support_sizes.tolist() == [1] * 600
    labels = data.probs.indices
    for label in range(3):
        part = data.embeddings[labels == label]
        # 800 draws: a standard deviation known to 2.5 per cent.
        assert (part - part.mean(axis=0)).std() == pytest.approx(0.1, rel=0.1)
    with pytest.raises(ntp.NTPDataError, match="num_classes is 1"):
        ntp.synthetic.clusters(num_classes=1)


@pytest.mark.parametrize("name", ["num_contexts", "dim", "vocab_size", "support_size", "num_sequences", "seed"])
@pytest.mark.parametrize("value", [1.5, -1, "3", None, True, np.nan, [2]])
def test_sizes_and_seeds_are_whole_numbers(name, value):
    with pytest.raises(ntp.NTPDataError, match=rf"^{name} is "):
        ntp.synthetic.random(**{name: value})


@pytest.mark.parametrize("name", ["num_classes", "dim", "per_class", "seed"])
@pytest.mark.parametrize("value", [1.5, -1, "3", None, True])
def test_sizes_and_seeds_of_clusters_are_whole_numbers(name, value):
    with pytest.raises(ntp.NTPDataError, match=rf"^{name} is "):
        ntp.synthetic.clusters(**{name: value})


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "1", None, True])
def test_noise_is_a_finite_number(value):
    with pytest.raises(ntp.NTPDataError, match=r"^noise is "):
        ntp.synthetic.clusters(noise=value)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"dim": 10**10}, "num_contexts × dim = 5e"),
        ({"vocab_size": 10**10}, "num_contexts × vocab_size = 5e"),
        ({"num_contexts": 10**9, "num_sequences": 10**10}, "num_contexts × dim = 6e"),
        ({"num_sequences": 10**30}, "num_sequences is 1000"),
    ],
)
def test_sizes_that_fit_nowhere_are_refused(sizes, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.synthetic.random(**sizes)


def test_numpy_integers_are_whole_numbers():
    small = {"num_contexts": 3, "dim": 2, "vocab_size": 4, "support_size": 2, "num_sequences": 50, "seed": 5}
    a, b = ntp.synthetic.random(**small), ntp.synthetic.random(**{k: np.int64(v) for k, v in small.items()})
    assert np.array_equal(a.embeddings, b.embeddings)
