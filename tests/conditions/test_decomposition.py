"""Which pairs diverge, against one linear programme per pair; one loss for data and completion; proofs."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
from separability_by_definition import anchored_constraints

import ntp_lib as ntp

SEEDS = range(12)


def mixed_problem(seed, *, m=5, V=4):
    """Contexts with small integer coordinates and an intercept, so that some pairs diverge and others do not."""
    rng = np.random.default_rng(seed)
    rows = np.hstack([np.ones((m, 1)), rng.permutation(np.arange(m))[:, None] % 3, rng.integers(0, 2, (m, 1))])
    probs = np.zeros((m, V))
    for j in range(m):
        tokens = rng.choice(V - 1, rng.integers(1, 3), replace=False)
        probs[j, tokens] = rng.dirichlet(np.full(len(tokens), 3.0)) + 0.05
    scale = rng.uniform(0.5, 2.0, (m, 1))
    return ntp.NTPData(scale * rows, np.full(m, 1 / m), probs / probs.sum(axis=1, keepdims=True))


def diverging_by_definition(data):
    """One programme per pair: can its margin reach one while ties hold and no margin is negative?"""
    equal, above = anchored_constraints(data)
    found = np.zeros(data.probs.shape, dtype=bool)
    for row, (j, v) in zip(above, np.argwhere(data.next_token_probs == 0), strict=True):
        result = scipy.optimize.linprog(
            np.zeros(equal.shape[1]), A_eq=equal, b_eq=np.zeros(len(equal)), A_ub=-np.vstack([above, row]),
            b_ub=np.append(np.zeros(len(above)), -1.0), bounds=(None, None),
        )  # fmt: skip
        assert result.status in (0, 2), result.message
        found[j, v] = result.status == 0
    return found


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_pairs_agree_with_one_programme_each():
    kinds = set()
    for seed in SEEDS:
        data = mixed_problem(seed)
        found = ntp.decomposition(data)
        assert found.verify()
        np.testing.assert_array_equal(found.diverging, diverging_by_definition(data))
        kinds.add((bool(found.diverging.any()), bool(found.bounded.any())))
    assert (True, True) in kinds


@pytest.fixture(scope="module")
def inseparable():
    """Two contexts on a ray; in the limit the second gives token 1 the probability 1/5 (book, pencil case)."""
    return ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], [[4 / 15, 11 / 15, 0.0], [1.0, 0.0, 0.0]])


def test_pencil_case(inseparable):
    found = ntp.decomposition(inseparable)
    np.testing.assert_array_equal(np.argwhere(found.bounded), [[1, 1]])
    np.testing.assert_allclose(
        found.completed.next_token_probs, [[2 / 3, 1 / 3, 0], [4 / 5, 1 / 5, 0]], atol=1e-12
    )
    thirds, fifths = np.log(3) - np.log(4) / 3, np.log(5) - 4 * np.log(4) / 5
    assert found.infimum == pytest.approx((thirds + fifths) / 2, abs=1e-12)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_one_loss(seed):
    data = mixed_problem(seed)
    found = ntp.decomposition(data)
    for other in (found.equivalent, found.completed):
        for W in np.random.default_rng(seed).standard_normal((5, data.vocab_size, data.dim)):
            assert ntp.cross_entropy(W, other) == pytest.approx(ntp.cross_entropy(W, data), abs=1e-11)
    assert ntp.compatibility(found.completed).holds
    assert found.infimum >= data.entropy - 1e-12
    if found.diverging.any():
        assert ntp.separability(found.completed).holds


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_proofs_that_were_tampered_with_fail():
    data = next(
        d for d in map(mixed_problem, SEEDS) if (f := ntp.decomposition(d)).diverging.any() and f.bounded.any()
    )
    found = ntp.decomposition(data)
    stretched = found.certificate.copy()
    stretched[np.argmax(np.abs(stretched).sum(axis=1))] *= 1.01
    place = tuple(np.argwhere(found.bounded)[0])
    moved_up, moved_down = found.diverging.copy(), found.bounded.copy()
    moved_up[place], moved_down[place] = True, False
    shift = np.zeros_like(found.direction)
    shift[place[1]] = 1e-3
    for broken in (
        {"certificate": stretched},
        {"certificate": None},
        {"certificate": np.zeros_like(stretched)},
        {"direction": -found.direction},
        {"direction": None},
        {"direction": found.direction + shift},
        {"diverging": moved_up, "bounded": moved_down},
        {"bounded": moved_down},
    ):
        assert not replace(found, **broken).verify(), broken.keys()


def test_invariant_under_order_scale_and_rotation(random_problem):
    data = random_problem(3, m=6, d=2, V=4, sizes=(1, 2))
    rng = np.random.default_rng(0)
    contexts, tokens = rng.permutation(6), rng.permutation(4)
    rotation = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    moved = ntp.NTPData(
        (rng.uniform(0.3, 3, (6, 1)) * data.embeddings @ rotation)[contexts],
        data.context_probs[contexts],
        data.next_token_probs[contexts][:, tokens],
    )
    expected = ntp.decomposition(data).bounded[contexts][:, tokens]
    np.testing.assert_array_equal(ntp.decomposition(moved).bounded, expected)


def test_separable_data_diverge_altogether():
    data = ntp.synthetic.toy_2d()
    found = ntp.decomposition(data)
    assert found.verify()
    assert found.certificate is None
    assert not found.bounded.any()
    assert found.infimum == pytest.approx(data.entropy, abs=1e-9)
    assert ntp.explain(found).startswith("Separable: all 6 pairs")


def test_where_nothing_diverges_the_loss_is_attained():
    angles = np.deg2rad([90, 210, 330])
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    data = ntp.NTPData(rows, np.full(3, 1 / 3), np.eye(2)[[0, 0, 0]])
    found = ntp.decomposition(data)
    assert found.verify()
    assert found.direction is None
    assert found.infimum == pytest.approx(np.log(2), abs=1e-12)
    np.testing.assert_allclose(found.completed.next_token_probs, 0.5, atol=1e-12)


def test_names_are_kept(inseparable):
    named = ntp.NTPData(
        inseparable.embeddings, inseparable.context_probs, inseparable.probs, vocabulary="abc", contexts=["x", "y"]
    )
    found = ntp.decomposition(named)
    for other in (found.equivalent, found.completed):
        assert tuple(other.vocabulary) == ("a", "b", "c")
        assert list(other.contexts) == ["x", "y"]
        assert np.array_equal(other.context_probs, named.context_probs)
        assert np.array_equal(other.embeddings, named.embeddings)


@pytest.mark.parametrize("time_limit", [-1.0, float("nan"), "soon", None])
def test_a_time_limit_must_be_a_number_of_seconds(inseparable, time_limit):
    for decide in (ntp.decomposition, ntp.separability):
        with pytest.raises(ntp.NTPDataError, match="time_limit is"):
            decide(inseparable, time_limit=time_limit)


def test_there_may_be_no_limit_to_the_time(inseparable):
    expected = ntp.decomposition(inseparable)
    assert np.array_equal(ntp.decomposition(inseparable, time_limit=np.inf).bounded, expected.bounded)
    assert ntp.separability(inseparable, time_limit=np.inf).holds is False


def test_what_the_solver_says_when_it_fails_is_passed_on(inseparable, monkeypatch):
    from ntp_lib.conditions import decomposition_program

    monkeypatch.setattr(decomposition_program, "solve", lambda data, *, time_limit: f"over after {time_limit:g} s")
    with pytest.raises(ntp.DidNotConvergeError, match=r"^the data were not decomposed; HiGHS: over after 7 s$"):
        ntp.decomposition(inseparable, time_limit=7)


def test_an_answer_that_does_not_verify_is_refused(inseparable, monkeypatch):
    from ntp_lib.conditions import decomposition_program

    honest = decomposition_program.solve

    def reversed_signs(data, *, time_limit):
        found = honest(data, time_limit=time_limit)
        return replace(found, multipliers=-found.multipliers)

    monkeypatch.setattr(decomposition_program, "solve", reversed_signs)
    with pytest.raises(ntp.DidNotConvergeError, match=r"too small to decide, that of token \d in context \d"):
        ntp.decomposition(inseparable)


def test_too_large_a_programme_is_refused(inseparable, monkeypatch):
    from ntp_lib.conditions import decomposition

    monkeypatch.setattr(decomposition, "MAX_NONZEROS", 1)
    with pytest.raises(ntp.DidNotConvergeError, match="6 non-zeros; at most 1 are attempted"):
        ntp.decomposition(inseparable)


def test_a_full_support_is_refused():
    with pytest.raises(ntp.NTPDataError, match="no token is out of support"):
        ntp.decomposition(ntp.NTPData([[1.0]], [1.0], [[0.5, 0.5]]))


def test_rounded_differences_that_add_up_to_zero_are_no_margin():
    # In exact arithmetic the three rounded differences are independent, and Lemma 1 would make them separable.
    x, y, z = np.random.default_rng(0).standard_normal((3, 5))
    q = np.array([0.3, 0.7])
    rows = [np.outer(a - b, q).ravel() for a, b in ((x, y), (y, z), (z, x))]
    data = ntp.NTPData(rows, [0.2, 0.3, 0.5], [[1.0, 0.0]] * 3)
    with pytest.raises(ntp.DidNotConvergeError, match="too small to decide"):
        ntp.decomposition(data)
    found = ntp.decomposition(data, rounded=True)
    assert found.verify()
    assert found.bounded[:, 1].all()
    # Two of them leave a margin, rounded or not.
    two = ntp.decomposition(ntp.NTPData(rows[:2], [0.5, 0.5], [[1.0, 0.0]] * 2), rounded=True)
    assert two.verify()
    assert two.diverging[:, 1].all()


def test_a_margin_below_the_rounding_counts_only_where_embeddings_are_exact():
    data = ntp.NTPData([[1.0, 0.0], [-1.0, 1e-12]], [0.5, 0.5], [[1.0, 0.0]] * 2)
    assert ntp.decomposition(data).diverging[:, 1].all()
    with pytest.raises(ntp.DidNotConvergeError, match="too small to decide"):
        ntp.decomposition(data, rounded=True)
