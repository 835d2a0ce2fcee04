"""A few tokens can prove that no decoder separates all of them."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from separability_by_definition import assert_is_certificate, assert_is_direction

import ntp_lib as ntp
from ntp_lib.margins import certificates, multipliers
from ntp_lib.margins import separability as module
from ntp_lib.margins.few_tokens import refutation as search
from ntp_lib.margins.few_tokens.refutation import refutation


def one_hot(seed, *, m, d, V, frequent=2, share=2 / 3):
    """Contexts in general position, one token after each; the frequent tokens after a share of them."""
    rng = np.random.default_rng(seed)
    tokens = np.where(rng.random(m) < share, rng.integers(0, frequent, m), rng.integers(0, V, m))
    probs = sp.csr_array((np.ones(m), tokens, np.arange(m + 1)), shape=(m, V))
    return ntp.NTPData(rng.standard_normal((m, d)), np.full(m, 1 / m), probs)


def several_tokens(seed, *, m, d, V):
    """Supports of one to three of the tokens, the first ones more often."""
    rng = np.random.default_rng(seed)
    probs = np.zeros((m, V))
    weights = 1 / np.arange(1, V + 1)
    for j in range(m):
        chosen = rng.choice(V, rng.integers(1, 4), replace=False, p=weights / weights.sum())
        probs[j, chosen] = 1 / len(chosen)
    return ntp.NTPData(rng.standard_normal((m, d)), np.full(m, 1 / m), probs)


@pytest.mark.parametrize("make", [one_hot, several_tokens])
@pytest.mark.parametrize("seed", range(3))
def test_the_certificate_is_one_of_the_whole_problem(make, seed):
    data = make(seed, m=80, d=2, V=10)
    raw = refutation(data, time_limit=60)
    A = certificates.for_embeddings(certificates.repaired_certificate(raw, data), data).toarray()
    assert_is_certificate(A, data)
    assert certificates.certificate_holds(A, data)
    if make is one_hot:
        assert set(np.flatnonzero(np.abs(A).max(axis=0))) <= {0, 1}
    assert ntp.separability(data).holds is False


def test_contexts_without_the_tokens_must_go():
    """Control: with ties in the contexts that neither token follows, what is refuted is another problem."""
    data = one_hot(0, m=80, d=8, V=10, share=0.2)
    kept = np.zeros_like(data.probs.toarray())
    kept[:, :2] = data.support_mask[:, :2]
    kept[~kept.any(axis=1), :2] = 1
    tied = ntp.NTPData(data.embeddings, data.context_probs, kept / kept.sum(axis=1, keepdims=True))
    raw = refutation(tied, time_limit=60)
    assert certificates.certificate_holds(certificates.for_embeddings(raw, tied), tied)
    whole = certificates.for_embeddings(certificates.repaired_certificate(raw, data), data)
    assert not certificates.certificate_holds(whole, data)


def test_more_tokens_are_tried_where_two_do_not_suffice():
    """Eight of 80 tokens, each after an eighth of 60 contexts in 8 dimensions: no two have more than 16."""
    rng = np.random.default_rng(0)
    tokens = np.arange(60) % 8
    data = ntp.NTPData(rng.standard_normal((60, 8)), np.full(60, 1 / 60), np.eye(80)[tokens])
    raw = refutation(data, time_limit=60)
    assert np.count_nonzero(np.abs(raw.toarray()).max(axis=0)) > 2
    assert certificates.certificate_holds(certificates.for_embeddings(raw, data), data)


def test_what_is_nearly_the_whole_problem_is_left_to_the_splitting():
    rng = np.random.default_rng(0)
    data = ntp.NTPData(rng.standard_normal((60, 8)), np.full(60, 1 / 60), np.eye(8)[np.arange(60) % 8])
    assert refutation(data, time_limit=60) is None
    assert ntp.separability(data).holds is False


def test_separable_data_are_not_refuted():
    data = ntp.synthetic.clusters(num_classes=4, dim=4, per_class=20, noise=0.01)
    assert ntp.separability(data).holds is True
    assert refutation(data, time_limit=60) is None


def test_equal_embeddings_are_not_warned_of_again(recwarn):
    data = one_hot(0, m=80, d=2, V=10)
    rows = np.repeat(data.embeddings[:40], 2, axis=0)
    with pytest.warns(ntp.NTPDataWarning):
        twins = ntp.NTPData(rows, data.context_probs, data.probs)
    recwarn.clear()
    assert refutation(twins, time_limit=60) is not None
    assert not recwarn.list


def test_nothing_is_tried_where_few_contexts_are_left():
    assert refutation(one_hot(0, m=80, d=60, V=10), time_limit=60) is None


def test_what_would_take_too_long_is_not_tried(monkeypatch):
    data = one_hot(0, m=80, d=2, V=10)
    monkeypatch.setattr(search, "MAX_PAIRS", 2 * 50)
    assert refutation(data, time_limit=60) is None
    monkeypatch.undo()
    monkeypatch.setattr(search, "MAX_MULTIPLICATIONS", 0)
    assert refutation(data, time_limit=60) is None


def test_no_time_is_no_proof():
    assert refutation(one_hot(0, m=80, d=2, V=10), time_limit=0) is None


def test_some_of_the_contexts_are_enough():
    """The certificate of 40 000 contexts in ten dimensions takes the multipliers of a few dozen."""
    raw = refutation(one_hot(0, m=40_000, d=10, V=50), time_limit=60)
    assert np.count_nonzero(abs(raw).sum(axis=1)) <= 60


def test_large_data_are_decided_without_an_array_of_all_pairs():
    data = one_hot(0, m=6_000, d=8, V=6_000)
    tracemalloc.start()
    found = ntp.separability(data)
    assert found.holds is False
    assert found.verify()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sp.issparse(found.certificate)
    assert peak < data.num_contexts * data.vocab_size
    assert "Not separable: " in ntp.explain(found)


def test_small_certificates_are_arrays(monkeypatch):
    data = one_hot(0, m=80, d=2, V=10)
    monkeypatch.setattr(module, "FEW_TOKENS_MULTIPLICATIONS", 0)
    dense = ntp.separability(data).certificate
    assert isinstance(dense, np.ndarray)
    monkeypatch.setattr(multipliers, "MAX_DENSE_PAIRS", 0)
    sparse = ntp.separability(data).certificate
    np.testing.assert_array_equal(sparse.toarray(), dense)


def test_a_list_of_words_is_separated_by_its_supports(monkeypatch):
    """One word after every context, and one phrase that goes on in two ways: its tie is made exact."""
    words = [f"word{i}" for i in range(300)]
    data = ntp.NTPData.from_tokens([*words, "word0", "word1", "word7"], context_length=2, dim=40, seed=0)
    monkeypatch.setattr(module, "split", None)
    found = ntp.separability(data)
    assert found.holds
    assert found.verify()
    assert_is_direction(found.direction, data)
