"""The working set ends where the dense splitting does, with proofs over all pairs."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.margins import multipliers
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer
from ntp_lib.margins.splitting.solve import solve as split
from ntp_lib.margins.working_set import face, problem, scan, solve
from ntp_lib.margins.working_set.pairs import Pairs, keys_of
from ntp_lib.margins.working_set.problem import SparseProblem

# Neither solved nor refuted within a few iterations; and one without a margin.
HARD = ntp.synthetic.random(num_contexts=30, dim=16, vocab_size=9, support_size=2, num_sequences=3000, seed=0)
IMPOSSIBLE = ntp.synthetic.random(
    num_contexts=80, dim=6, vocab_size=20, support_size=3, num_sequences=5000, seed=0
)


def text(tokens=400, vocab_size=60, dim=80, repeats=0):
    """A text of words drawn by falling frequency: most pairs never become active."""
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, vocab_size + 1)
    words = rng.choice(vocab_size, size=tokens, p=weights / weights.sum())
    return ntp.NTPData.from_tokens(words.tolist(), context_length=2, dim=dim)


def residuals(data, dual, *, unit_lengths=False):
    """Violation, gap and dual violation from dense arrays of the definition."""
    dense = ConeProblem.of(data, unit_lengths=unit_lengths)
    A = dual.toarray() * dense.lengths
    logits = dense.logits(A)
    signs = max(A[~data.support_mask].max(), np.abs(A.sum(axis=1)).max()) / np.abs(A).max()
    return dense.violation(logits), abs(dense.gap(A, logits)), signs


@pytest.mark.parametrize("data", [HARD, text()], ids=["random", "text"])
@pytest.mark.parametrize("unit_lengths", [False, True])
def test_it_finds_the_solution_of_the_dense_splitting(data, unit_lengths):
    found = solve.solve(data, unit_lengths=unit_lengths)
    dense = split(data, unit_lengths=unit_lengths)
    assert found.separable
    assert dense.answer is Answer.SOLUTION
    violation, gap, signs = residuals(data, found.dual, unit_lengths=unit_lengths)
    assert violation <= 1e-10
    assert gap <= 1e-10
    assert signs <= 1e-13
    W, expected = (dual.T @ data.embeddings for dual in (found.dual, dense.dual))
    if not unit_lengths:
        np.testing.assert_allclose(W, expected, atol=1e-7 * np.abs(expected).max())
    assert found.violation <= 1e-10


def test_only_some_of_the_pairs_of_a_text_are_ever_held():
    data = text(600, 80, 100)
    found = solve.solve(data)
    assert found.separable
    assert found.working_pairs < 0.5 * data.num_contexts * data.vocab_size
    assert found.dual.nnz < 0.2 * data.num_contexts * data.vocab_size


def test_without_faces_the_iteration_alone_reaches_the_tolerance(monkeypatch):
    monkeypatch.setattr(problem, "MAX_CONTEXTS", 10)
    monkeypatch.setattr(face.Closing, "solution", None)
    found = solve.solve(text(), tolerance=1e-5)
    assert found.separable
    violation, gap, _ = residuals(text(), found.dual)
    assert max(violation, gap) <= 1e-5


@pytest.mark.parametrize(("factor", "ended"), [(1, True), (2, False)])
def test_a_decoder_that_is_longer_than_need_be_has_a_gap(factor, ended, monkeypatch):
    """Twice W^mm violates nothing: only the gap says that it is no solution."""
    monkeypatch.setattr(problem, "MAX_CONTEXTS", 10)
    dual = solve.solve(text(), tolerance=1e-6).dual
    search = solve._Search(SparseProblem.of(text()), 1e-5)
    pairs = Pairs.of(keys_of(dual), text().probs)
    restricted = search.problem.on(pairs)
    A = factor * dual.toarray().ravel()[pairs.keys] * search.problem.lengths[pairs.contexts]
    W = restricted.decoder(A)
    seen = scan.scan(W, search.problem, pairs, above=0.0, most=1)
    search.violation = max(seen.violation, seen.spread)
    assert search.violation <= 1e-5
    assert search._ended(seen, restricted.gap(A, W), restricted.excluded_margin(A, W)) is ended


def test_a_certificate_is_verified_by_the_rules_of_certificates():
    found = solve.solve(IMPOSSIBLE)
    assert found.separable is False
    verdict = ntp.Separability(IMPOSSIBLE, ntp.Verdict.NOT_SEPARABLE, certificate=found.dual.toarray())
    assert verdict.verify()
    assert verdict.excluded_margin <= 1e-13
    # Control: the dual variable before it was sharpened excludes no such margin.
    raw = solve._Search(SparseProblem.of(IMPOSSIBLE), 1e-7)
    raw.splitting.advance(200)
    restricted, A = raw.splitting.problem, raw.splitting.dual
    assert restricted.excluded_margin(A, restricted.decoder(A)) > 1e-6


def test_a_time_limit_ends_undecided_with_a_valid_dual_variable():
    found = solve.solve(HARD, time_limit=0)
    assert found.separable is None
    A = found.dual.toarray()
    assert A[~HARD.support_mask].max() <= 0
    assert np.abs(A.sum(axis=1)).max() <= 1e-12 * max(1, np.abs(A).max())


def test_no_array_over_all_pairs_is_made(monkeypatch):
    """200 contexts, 5 000 tokens: an array (m, V) of float64 takes 8 MB."""
    monkeypatch.setattr(scan, "BLOCK_ENTRIES", 2**15)
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, 5001)
    tokens = rng.choice(5000, size=200, p=weights / weights.sum())
    probs = sp.csr_array((np.ones(200), tokens, np.arange(201)), shape=(200, 5000))
    data = ntp.NTPData(rng.standard_normal((200, 40)), np.full(200, 1 / 200), probs)
    tracemalloc.start()
    found = solve.solve(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.separable
    assert peak < 200 * 5000 * 8


def test_when_matrices_would_be_too_large_only_the_worst_pairs_are_taken_in(monkeypatch):
    data = text()
    unlimited = solve._Search(SparseProblem.of(data), 1e-7)
    unlimited.round()
    monkeypatch.setattr(solve, "MAX_BYTES", unlimited.splitting.matrix_bytes)
    limited = solve._Search(SparseProblem.of(data), 1e-7)
    limited.round()
    assert set(limited.splitting.pairs.keys) < set(unlimited.splitting.pairs.keys)
    assert set(keys_of(data.probs)) <= set(limited.splitting.pairs.keys)


def test_a_face_is_exact_from_the_active_pairs_of_the_solution():
    data = text()
    found = solve.solve(data)
    whole = SparseProblem.of(data)
    pairs = Pairs.of(keys_of(found.dual), data.probs)
    start = np.where(pairs.support, 0.0, -1.0)
    closing = face.Closing(whole)
    pairs, A, violation = closing.solution(pairs, start, tolerance=1e-10, free_steps=5)
    assert closing.faces <= 3
    assert violation <= 1e-10
    W = whole.on(pairs).decoder(A)
    np.testing.assert_allclose(W, found.dual.T @ data.embeddings, atol=1e-9)


def test_a_face_finds_no_certificate_where_there_is_a_margin():
    search = solve._Search(SparseProblem.of(HARD), 1e-7)
    search.splitting.advance(20)
    assert search.closing.certificate(search.splitting.pairs, search.splitting.dual, tolerance=1e-13) is None


def test_progress_is_shown_on_demand(capsys):
    solve.solve(text(), progress=True)
    assert "working set" in capsys.readouterr().err
    solve.solve(text())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("sizes", "suited"),
    [((40, 8, 50, 1), True), ((39, 8, 50, 1), False), ((40, 14, 50, 1), False), ((40, 8, 50, 8), False)],
    ids=["suited", "too small", "too many dimensions", "supports too large"],
)
def test_the_working_set_is_chosen_for_many_pairs_of_which_few_matter(sizes, suited, monkeypatch):
    monkeypatch.setattr(solve, "LARGE", 40 * 50 * 8)
    m, d, V, S = sizes
    support = (np.arange(V) + np.arange(m)[:, None]) % V < S
    data = ntp.NTPData(np.random.default_rng(0).standard_normal((m, d)), np.full(m, 1 / m), support / S)
    assert solve.suits(data) is suited
    monkeypatch.setattr(solve, "MANY", m * V - 1)
    assert solve.suits(data), "whatever the shape, where arrays over all pairs are too large"


@pytest.mark.parametrize("dense", [True, False])
def test_the_library_hands_large_data_over(dense, monkeypatch):
    """Multipliers are handed out as arrays where these are small and as CSR beyond; both are verified."""
    monkeypatch.setattr(solve, "suits", lambda data: True)
    if not dense:
        monkeypatch.setattr(multipliers, "MAX_DENSE_PAIRS", 1)
    data = text(250, 30, 60)
    found = ntp.ntp_svm(data)
    assert found.solver == "working set"
    assert sp.issparse(found.dual) is not dense
    assert found.verify()
    assert ntp.separability(data).verify()


def test_after_the_deadline_no_face_is_begun():
    data = text()
    pairs = Pairs.of(keys_of(solve.solve(data).dual), data.probs)
    start = np.where(pairs.support, 0.0, -1.0)
    late = face.Closing(SparseProblem.of(data), deadline=0.0)
    assert late.solution(pairs, start, tolerance=1e-10) is None
    assert late.certificate(pairs, start, tolerance=1e-13) is None
    assert late.faces == 0
