"""Synthetic problems draw by draw: the documented defaults, the seeded stream, what is done with its counts."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.data.synthetic import clusters, random, toy_2d


def assert_same(a, b):
    for name in ("embeddings", "context_probs", "next_token_probs"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert (a.num_sequences, a.vocabulary, a.contexts) == (b.num_sequences, b.vocabulary, b.contexts)


def test_the_defaults_are_the_documented_ones():
    sizes = {"num_contexts": 50, "dim": 60, "vocab_size": 10, "support_size": 6, "num_sequences": 5000, "seed": 0}
    assert_same(random(), random(**sizes))
    assert_same(clusters(), clusters(num_classes=10, dim=25, per_class=50, noise=0.1, seed=0))


def test_the_plane_has_names_and_the_paper_s_entropy_to_four_digits():
    data = toy_2d()
    assert (data.vocabulary, data.contexts) == (("1", "2", "3", "4", "5"), ("A", "B", "C"))
    assert data.context_probs.tolist() == [1 / 3] * 3
    assert round(data.entropy, 4) == 0.8811
    angles = np.rad2deg(np.arctan2(data.embeddings[:, 1], data.embeddings[:, 0])) % 360
    assert angles == pytest.approx([90, 210, 330])
    assert np.round(data.next_token_probs * 20) / 20 == pytest.approx(data.next_token_probs, abs=1e-15), (
        "twentieths"
    )


def test_clusters_are_centres_and_scaled_noise_of_one_stream():
    rng = np.random.default_rng(3)
    centres, noise = rng.standard_normal((2, 4)), rng.standard_normal((6, 4))
    for scale in (0, 0.5, np.float64(2), 1):
        data = clusters(num_classes=2, dim=4, per_class=3, noise=scale, seed=3)
        expected = np.repeat(centres, 3, axis=0) + scale * noise
        np.testing.assert_allclose(data.embeddings, expected, rtol=1e-14)
        assert data.context_probs == pytest.approx(np.full(6, 1 / 6))
        assert data.next_token_probs.tolist() == [[1, 0]] * 3 + [[0, 1]] * 3


def test_the_smallest_clusters():
    data = clusters(num_classes=2, dim=1, per_class=1, noise=0.0)
    assert (data.num_contexts, data.dim, data.vocab_size) == (2, 1, 2)
    for name in ("dim", "per_class"):
        with pytest.raises(ntp.NTPDataError, match=rf"^{name} is 0; it must be a whole number of at least 1$"):
            clusters(**{name: 0})
    with pytest.raises(ntp.NTPDataError, match=r"^num_classes is 1; it must be a whole number of at least 2$"):
        clusters(num_classes=1)
    with pytest.raises(ntp.NTPDataError, match=r"^seed is -1; it must be a whole number of at least 0$"):
        clusters(seed=-1)


def test_the_smallest_random_problem():
    data = random(num_contexts=1, dim=1, vocab_size=2, support_size=1, num_sequences=1)
    assert (data.num_contexts, data.num_sequences, data.entropy) == (1, 1, 0.0)
    for name in ("num_contexts", "dim", "vocab_size", "support_size", "num_sequences"):
        with pytest.raises(ntp.NTPDataError, match=rf"^{name} is 0; it must be a whole number of at least 1$"):
            random(**{name: 0})
    with pytest.raises(ntp.NTPDataError, match=r"^seed is -1; it must be a whole number of at least 0$"):
        random(seed=-1)


def test_embeddings_are_the_first_draws():
    data = random(num_contexts=4, dim=3, vocab_size=5, support_size=2, num_sequences=100, seed=8)
    assert np.array_equal(data.embeddings, np.random.default_rng(8).standard_normal((4, 3)))


def test_contexts_are_about_equally_frequent_beyond_their_least():
    """100 000 sequences over five contexts: standard deviations of 126 about 20 000."""
    data = random(num_contexts=5, dim=1, vocab_size=4, support_size=2, num_sequences=100_000)
    assert data.context_probs == pytest.approx(np.full(5, 0.2), abs=0.007)
    assert data.num_sequences == 100_000


def test_distributions_are_uniform_on_the_simplex():
    """Two tokens: the first share is uniform on (0, 1), mean 1/2 and variance 1/12; supports are uniform too."""
    data = random(num_contexts=3000, dim=1, vocab_size=4, support_size=2, num_sequences=3_000_000, seed=1)
    shares = data.probs.data.reshape(-1, 2)[:, 0]
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(1 / 12, abs=0.01)
    assert data.support_mask.mean(axis=0) == pytest.approx(np.full(4, 0.5), abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_a_token_never_drawn_takes_one_sequence_of_the_most_frequent(seed):
    """Three sequences a pair or fewer: many tokens are missed, and every pair still occurs."""
    data = random(num_contexts=20, dim=1, vocab_size=9, support_size=8, num_sequences=200, seed=seed)
    counts = 200 * data.context_probs[:, None] * data.next_token_probs
    whole = np.rint(counts)
    assert np.abs(counts - whole).max() < 1e-9
    assert (whole[data.support_mask] >= 1).all()
    assert (whole.sum(axis=1) >= 8).all()
    assert (whole == 1).sum() > 60
