"""References of choice data as theorems: two solvers, pencil cases, symmetries, and what the graph misses."""

import numpy as np
import pytest
from choice_problems import as_next_tokens, random_choice
from scipy.optimize import linprog, minimize

import ntp_lib as ntp
from ntp_lib.choice.finite import SupportLoss
from ntp_lib.choice.pairs import clock_ratio, differences, pair_places
from ntp_lib.choice.references import bounded_by_programme, matrix_of_pairs
from ntp_lib.choice.space import choice_subspace


def sentences_of(seed, *, tokens=6, count=14, length=4):
    """Random sentences without repetition that end in one of two queries, and a token of each."""
    rng = np.random.default_rng(seed)
    rows = [
        [*rng.permutation(tokens - 2)[: length - 1].tolist(), int(rng.integers(tokens - 2, tokens))]
        for _ in range(count)
    ]
    return rows, [int(rng.choice(row[:-1])) for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_zermelo_and_newton_agree_on_orthonormal_tokens(seed):
    data = ntp.ChoiceData.from_sentences(*sentences_of(seed))
    found = ntp.choice_references(data)
    assert found.by_graph
    assert found.F.dim > 0
    firsts = np.unique(data.query_groups[0], return_index=True)[1]
    newton = (data.keys @ found.W_finite @ data.queries[firsts].T).T
    np.testing.assert_allclose(ntp.luce_strengths(data), newton, atol=1e-8)


def test_uncut_choices_have_other_strengths_or_none():
    rows, labels = ["abq", "abq", "bcq", "abcq"], ["a", "b", "b", "a"]
    data = ntp.ChoiceData.from_sentences(rows, labels, queries="kkkk")
    everything = np.ones(len(data.rows), dtype=bool)
    assert np.all(np.isfinite(ntp.luce_strengths(data)))
    with pytest.raises(ntp.DidNotConvergeError, match="wins and expected wins"):
        ntp.luce_strengths(data, kept=everything, max_iterations=1000)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_the_margin_of_a_chain_is_centred_ranks(n):
    data = ntp.ChoiceData.from_sentences([[i, i + 1] for i in range(n - 1)], range(n - 1), queries=[n] * (n - 1))
    found = ntp.choice_references(data)
    heights = np.r_[(n - 1) / 2 - np.arange(n), 0.0]
    np.testing.assert_allclose(found.W_mm[:, n], heights, atol=1e-9)
    assert np.linalg.norm(found.W_mm) ** 2 == pytest.approx(n * (n * n - 1) / 12, rel=1e-9)
    assert found.F.dim == 0
    assert not found.W_finite.any()
    assert found.infimum == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_margin_is_a_programme_of_heights_by_components(seed):
    data = ntp.ChoiceData.from_sentences(*sentences_of(seed))
    found = ntp.choice_references(data)
    for q, name in zip([4, 5], sorted(data.query_groups[1]), strict=True):
        graph = data.priority_graph(name)
        parts = graph.components
        count, edges = parts.max() + 1, graph.edges[:, :2]
        strict = np.unique([(parts[y], parts[c]) for y, c in edges if parts[y] != parts[c]], axis=0)
        sizes = np.bincount(parts)
        best = minimize(
            lambda h: sizes @ h**2,  # noqa: B023
            np.arange(count, dtype=float),
            jac=lambda h: 2 * sizes * h,  # noqa: B023
            constraints={"type": "ineq", "fun": lambda h: h[strict[:, 0]] - h[strict[:, 1]] - 1},  # noqa: B023
            options={"ftol": 1e-14},
            method="SLSQP",
        )
        np.testing.assert_allclose(found.W_mm[:, q], best.x[parts], atol=1e-6)  # SLSQP's own accuracy


def test_the_zigzag_has_a_multiplier_zero_and_its_cure_has_not():
    zigzag = ntp.ChoiceData.from_sentences(["ab", "ad", "cd"], "aac", queries="kkk", weights=[0.3, 0.3, 0.4])
    heights = dict(zip(zigzag.vocabulary, ntp.choice_references(zigzag).W_mm[:, -1], strict=True))
    assert heights == pytest.approx({"a": 0.5, "b": -0.5, "d": -0.5, "c": 0.5, "k": 0.0}, abs=1e-9)
    assert not ntp.asymptotics(ntp.limits(zigzag.pairs())).generic
    cured = ntp.ChoiceData.from_sentences(["ab", "cd"], "ac", queries="kk")
    assert ntp.asymptotics(ntp.limits(cured.pairs())).generic


@pytest.mark.parametrize("seed", range(4))
def test_permuted_tokens_permute_what_is_found(seed):
    rows, labels = sentences_of(seed)
    place = np.random.default_rng(seed).permutation(6)
    moved = ntp.ChoiceData.from_sentences([place[row].tolist() for row in rows], place[labels].tolist())
    one, other = ntp.choice_references(ntp.ChoiceData.from_sentences(rows, labels)), ntp.choice_references(moved)
    np.testing.assert_allclose(other.W_finite[np.ix_(place, place)], one.W_finite, atol=1e-10)
    np.testing.assert_allclose(other.W_mm[np.ix_(place, place)], one.W_mm, atol=1e-9)
    assert other.infimum == pytest.approx(one.infimum, rel=1e-13)


def test_a_repeated_token_counts_as_log_two():
    once = ntp.ChoiceData.from_sentences(["ab"] * 3, "aab", queries="kkk")
    twice = ntp.ChoiceData.from_sentences(["aab"] * 3, "aab", queries="kkk")
    one, two = ntp.choice_references(once), ntp.choice_references(twice)
    assert one.W_finite[0, 2] - one.W_finite[1, 2] == pytest.approx(np.log(2), rel=1e-12)
    # Two thirds to 'a', of which there are two: even logits.
    assert np.abs(two.W_finite).max() < 1e-12
    W = np.random.default_rng(0).standard_normal((3, 3))
    assert np.ptp(twice.logits(W) - once.logits(W)) == pytest.approx(np.log(2), rel=1e-12)
    np.testing.assert_allclose(two.probs, [2 / 3, 1 / 3], rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_limits_of_any_data(seed):
    """W_fin is stationary on F, p' has the moments of the labels, and completed data have the same references."""
    data = random_choice(seed, contexts=6, tokens=6, candidates=4, labels=3, dims=(3, 2))
    found = ntp.choice_references(data)
    assert not found.by_graph
    np.testing.assert_array_equal(found.kept, data.in_support | bounded_by_programme(data))
    assert np.all(found.kept[data.in_completed])
    weights = data.context_probs[data.rows] * (found.probs - data.probs)
    moments = np.einsum("n,nd,ne->de", weights, data.keys[data.tokens], data.queries[data.rows])
    assert np.abs(moments).max() < 1e-12
    np.testing.assert_allclose(found.F.project(found.W_finite), found.W_finite, atol=1e-12)
    assert np.abs(found.F.project_complement(found.W_finite)).max() < 1e-12
    again = ntp.choice_references(found.completed)
    np.testing.assert_allclose(again.W_finite, found.W_finite, atol=1e-9 * (1 + np.abs(found.W_finite).max()))
    pairs = found.completed.pairs()
    assert ntp.compatibility(pairs).holds
    if found.W_mm is not None:
        scale = np.abs(found.W_mm).max()
        np.testing.assert_allclose(again.W_mm, found.W_mm, atol=1e-8 * scale)
        # Late, the loss is the infimum: W = W_fin + s W_mm with e^{-s} small.
        late = -(data.context_probs[data.rows] * data.probs) @ data.log_probabilities(
            found.W_finite + 45 * found.W_mm
        )
        assert late == pytest.approx(found.infimum, rel=1e-12)


def test_incompatible_data_settle_where_next_token_data_do():
    data, choice = next(
        (data, choice)
        for data, choice in (as_next_tokens(seed, dim=4) for seed in range(20))
        if not ntp.compatibility(data).holds or data.support_sizes.max() > 2
    )
    there = ntp.asymptotics(ntp.limits(data))
    found = ntp.choice_references(choice)
    here = ntp.asymptotics(ntp.limits(found.completed.pairs()))
    drift = matrix_of_pairs(here.drift, choice.shape) + np.log(clock_ratio(found.completed)) * found.W_mm
    assert there.generic
    assert here.generic
    np.testing.assert_allclose(drift, there.drift, atol=1e-6)


SHAPES = [(3, 3, (3, 2)), (3, 4, (3, 2)), (3, 6, (2, 2)), (5, 4, (2, 3)), (8, 4, (3, 2))]


@pytest.mark.parametrize(("contexts", "tokens", "dims"), SHAPES)
def test_dependent_embeddings_are_decided(contexts, tokens, dims):
    """The three first have draws without bounded candidates that Lemma 1 proves separable but for rounding."""
    for seed in (5, 14, 41, 45, 46):
        data = random_choice(seed, contexts=contexts, tokens=tokens, candidates=3, dims=dims)
        found = ntp.choice_references(data)
        np.testing.assert_array_equal(found.kept, kept_by_programme(data))


def kept_by_programme(data):
    """Candidates in the supports, or whose margin no direction makes positive: a second programme, (n,)."""
    first, second = pair_places(data, data.in_support)
    rows, inside = differences(data, first, second), data.in_support[second]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept, off, free = data.in_support.copy(), rows[~inside], [(None, None)] * rows.shape[1]
    if len(off):
        best = linprog(
            np.r_[np.zeros(rows.shape[1]), -np.ones(len(off))],
            A_ub=np.hstack([-off, np.eye(len(off))]),
            b_ub=np.zeros(len(off)),
            A_eq=np.pad(rows[inside], ((0, 0), (0, len(off)))),
            b_eq=np.zeros(inside.sum()),
            bounds=free + [(0, 1)] * len(off),
            method="highs-ipm",
        )
        kept[second[~inside]] = best.x[rows.shape[1] :] < 0.5
    return kept


def test_what_is_too_close_to_decide_is_named():
    keys, held, won = [[1.0, 0.0], [0.0, 0.0], [-1.0, 1e-12]], [[1, 1, 0], [0, 1, 1]], [[1, 0, 0], [0, 0, 1]]
    data = ntp.ChoiceData(keys, [[1.0], [1.0]], np.array(held), np.array(won, dtype=float), [0.5, 0.5])
    with pytest.raises(ntp.DidNotConvergeError, match=r"in context \(\d, \d, \d\).* make equal"):
        ntp.choice_references(data)


def test_the_graph_misses_what_dependent_embeddings_bind():
    # Three tokens on a line with the middle one between: a over b over c puts b between them; c wins over b once.
    data = ntp.ChoiceData.from_sentences([[0, 1], [2, 1]], [0, 2], [[0.0], [1.0], [2.0]], queries=[1, 1])
    assert np.array_equal(data.in_completed, data.in_support)
    assert ntp.choice_references(data).kept.all()
    assert ntp.choice_references(data).W_mm is None
    with pytest.raises(ntp.NTPDataError, match="way='programme'"):
        ntp.choice_references(data, way="graph")
    with pytest.raises(ntp.NTPDataError, match="unknown way"):
        ntp.choice_references(data, way="tarjan")


@pytest.mark.parametrize("seed", range(3))
def test_graph_and_programme_agree_on_independent_embeddings(seed):
    E = np.random.default_rng(seed).standard_normal((6, 7))
    data = ntp.ChoiceData.from_sentences(*sentences_of(seed), E)
    one, other = (ntp.choice_references(data, way=way) for way in ("graph", "programme"))
    np.testing.assert_array_equal(one.kept, other.kept)
    np.testing.assert_allclose(one.W_finite, other.W_finite, atol=1e-12)
    assert data.pairs(completed=True).num_contexts == ntp.decomposition(data.pairs()).data.num_contexts


@pytest.mark.parametrize("seed", range(3))
def test_slope_and_curvature_on_the_subspace(seed):
    data = random_choice(seed, labels=3)
    kept = np.ones(len(data.rows), dtype=bool)
    loss_of = SupportLoss(data, kept, choice_subspace(data, kept))
    y = np.random.default_rng(seed).standard_normal(loss_of.features.shape[1])

    def slope(at):
        return loss_of.slope(loss_of.log_probabilities(at))

    for i, step in enumerate(1e-6 * np.eye(len(y))):
        ends = [loss_of.loss(loss_of.log_probabilities(y + sign * step)) for sign in (1, -1)]
        # Central differences: rounding 1e-16/1e-6, third derivatives 1e-12.
        assert slope(y)[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=5e-9)
        change = (slope(y + step) - slope(y - step)) / 2e-6
        np.testing.assert_allclose(loss_of.curvature(loss_of.log_probabilities(y))[i], change, atol=5e-9)


def test_a_subspace_refuses_matrices_of_another_shape():
    space = choice_subspace(ntp.ChoiceData.from_sentences(["ab", "ba"], "ab"))
    with pytest.raises(ntp.NTPDataError, match=r"needs \(d, d'\)"):
        space.project(np.eye(3))
