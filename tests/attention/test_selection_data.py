"""Reading sentences: R1 to R4 by name, merging, pairs, orders and chains."""

import itertools

import numpy as np
import pytest
import scipy.optimize

import ntp_lib as ntp
from ntp_lib.attention.orders import find_cycle, longest_chains
from ntp_lib.attention.selection import Selection
from ntp_lib.attention.synthetic import Language, random_language, two_level
from ntp_lib.attention.trap import trap
from ntp_lib.errors import NotSeparableError, NTPDataError

UPPER = list(zip("abcdq", "ABCDQ", strict=True))


def of(sentences, following, **options):
    return Selection.from_sentences(sentences, following, UPPER, **options)


def small(seed=0, count=30, tokens=8, **options):
    language = random_language(tokens, seed=seed)
    return language.selection(language.draw(count, longest=4, seed=seed), **options)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            (["ab"], "A", [("a", "b"), ("b", "c"), ("a", "c")]),
            r"'a' is followed by 'b' \(pair 0\) and 'c' \(pair 2\)",
        ),
        ((["ab", "bc"], "AA", UPPER), r"sentence 1 is followed by 'A', but none"),
        ((["ab"], "A", [("a", "A"), ("b", "A")]), r"sentence 0: both 'a' and 'b' are followed by 'A'"),
        ((["ax"], "A", UPPER), "sentence 0 has 'x', which is not in the vocabulary of 10 tokens"),
        ((["aA"], "A", UPPER), "sentence 0 has 'A', a token without collocation"),
        ((["a", "bb"], "AB", UPPER), "no sentence has two distinct tokens"),
        (([], "", UPPER), "sentences are empty"),
        ((["a", ""], "AB", UPPER), "sentence 1 is empty"),
        ((["ab"], "AB", UPPER), "next_tokens has 2 entries for 1 sentences"),
        ((["ab"], "A", []), "collocations are empty"),
    ],
)
def test_what_cannot_be_read_is_named(arguments, words):
    with pytest.raises(NTPDataError, match=words):
        Selection.from_sentences(*arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": [1.0, 0.0]}, r"weights\[1\] is 0"),
        ({"weights": [1.0]}, "weights has 1 entries; 2 are needed"),
        ({"embeddings": np.eye(3)}, "for each of 10 tokens"),
        ({"queries": "q"}, "queries has 1 entries for 2 sentences"),
        ({"vocabulary": "abca"}, "'a' more than once"),
        ({"vocabulary": "abcd"}, "pair 0 has 'A'"),
    ],
)
def test_options_that_cannot_be_read_are_named(options, words):
    with pytest.raises(NTPDataError, match=words):
        of(["ab", "bc"], "AB", **options)


def test_equal_sentences_are_merged_and_repeated_tokens_counted():
    data = of(["abbq", "babq", "abq"], "AAA", weights=[1, 2, 5])
    assert data.num_sentences == 2
    np.testing.assert_allclose(data.probs, [3 / 8, 5 / 8])
    assert data.origin.tolist() == [0, 2]
    # The optimal token first, the others by number; a column of padding where there are fewer.
    assert data.tokens.tolist() == [[0, 1, 4], [0, 1, 4]]
    assert data.counts.tolist() == [[1, 2, 1], [1, 1, 1]]
    # Weight of a pair: Σ π m_x/m_*.
    np.testing.assert_allclose(data.pairs().context_probs, np.array([3 / 8 * 2 + 5 / 8, 1.0]) / (3 / 8 + 2))


def test_a_cycle_is_named_with_its_sentences():
    data = of(["cdq", "abq", "bcq", "caq"], "CABC")
    with pytest.raises(NTPDataError, match="query 'q': ") as caught:
        data.check_realisable()
    for link in ("'a' beats 'b' (sentence 1)", "'b' beats 'c' (sentence 2)", "'c' beats 'a' (sentence 3)"):
        assert link in str(caught.value)
    assert str(caught.value).endswith("no attention weights satisfy all three")
    # The same tokens in other queries make no cycle.
    of(["abq", "bca", "cab"], "ABC").check_realisable()


def test_acyclic_with_dependent_embeddings_is_refused_with_a_certificate():
    X = np.zeros((10, 2))
    X[:5] = [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1]]
    # Along a line: c beats both its neighbours.
    data = of(["cb", "cd"], "CC", queries="qq", embeddings=X)
    assert find_cycle(data.order(4)) is None
    with pytest.raises(NotSeparableError) as caught:
        data.check_realisable()
    np.testing.assert_allclose(np.asarray(caught.value.certificate).T @ data.pairs().embeddings, 0, atol=1e-12)


def test_direction_is_the_shortest_with_all_margins():
    data = small()
    margins = np.einsum("ide,de->i", data.generators, data.direction)
    assert margins.min() == pytest.approx(1, abs=1e-6)
    # It is a combination of pairs with non-negative weights, positive for active ones alone: the KKT conditions.
    active = data.generators[margins < 1 + 1e-6].reshape(-1, data.direction.size)
    assert scipy.optimize.nnls(active.T, data.direction.ravel())[1] < 1e-6


def test_direction_is_that_of_the_choice_data():
    language = random_language(6, seed=3)
    words = language.draw(15, longest=4, seed=3)
    data = language.selection(words)
    best = [language.optimal(int(w[-1]), w) for w in words]
    choice = ntp.ChoiceData.from_sentences([w.tolist() for w in words], best)
    W_mm = np.asarray(ntp.ntp_svm(choice.pairs()).W)
    assert np.linalg.norm(W_mm[0] - W_mm[1]) == pytest.approx(np.linalg.norm(data.direction), rel=1e-6)


def all_chains(beats):
    """D by trying all paths."""
    V = len(beats)
    D = np.zeros((V, V), dtype=int)
    for length in range(2, V + 1):
        for path in itertools.permutations(range(V), length):
            if all(beats[a, b] for a, b in itertools.pairwise(path)):
                D[path[0], path[-1]] = max(D[path[0], path[-1]], length - 1)
    return D


@pytest.mark.parametrize("seed", range(6))
def test_chains_and_cycles_against_all_paths(seed):
    rng = np.random.default_rng(seed)
    beats = np.triu(rng.random((5, 5)) < 0.5, 1)
    order = rng.permutation(5)
    beats = beats[np.ix_(order, order)]
    assert find_cycle(beats) is None
    np.testing.assert_array_equal(longest_chains(beats), all_chains(beats))
    # One link back along a chain closes a circle.
    a, b = (
        np.argwhere(longest_chains(beats) > 1)[0] if (longest_chains(beats) > 1).any() else np.argwhere(beats)[0]
    )
    beats[b, a] = True
    cycle = find_cycle(beats)
    assert cycle[0] == cycle[-1]
    assert len(set(cycle)) == len(cycle) - 1
    assert all(beats[x, y] for x, y in itertools.pairwise(cycle))
    with pytest.raises(NTPDataError, match="circle"):
        longest_chains(beats)


def test_languages():
    language = random_language(9, seed=1)
    np.testing.assert_array_equal(np.sort(language.rank, axis=1), np.tile(np.arange(9), (9, 1)))
    words = language.draw(40, longest=5, seed=2)
    assert {len(w) for w in words} == {2, 3, 4, 5}
    assert all(len(set(w.tolist())) == len(w) for w in words)
    data = language.selection(words)
    data.check_realisable()
    assert not two_level(data)
    levels = random_language(9, seed=1, levels=2)
    assert two_level(levels.selection(levels.draw(40, longest=5, seed=2)))
    assert data.stage_one().num_contexts == 9
    with pytest.raises(NTPDataError, match="sentence 1 has a token more often"):
        two_level(of(["abq", "abbq"], "AA"))
    for options, words in (
        ({"num_tokens": 2}, "num_tokens"),
        ({"levels": 1}, "levels"),
        ({"concentration": 0.0}, "concentration"),
    ):
        with pytest.raises(NTPDataError, match=words):
            random_language(**options)
    assert random_language(3, levels=2).rank.max() == 1
    for options, words in (
        ({"num_sentences": 0}, "num_sentences"),
        ({"num_sentences": 1, "longest": 1}, "longest"),
    ):
        with pytest.raises(NTPDataError, match=words):
            language.draw(**options)
    assert {len(w) for w in language.draw(20, longest=2)} == {2}
    tied = Language(np.zeros((2, 2), dtype=int), np.array([1, 0]), np.array([0.5, 0.5]))
    with pytest.raises(NTPDataError, match="are of one rank"):
        tied.optimal(0, np.array([0, 1]))


def test_the_trap_is_realisable():
    data = trap(8, 21)
    data.check_realisable()
    assert np.linalg.norm(data.direction) ** 2 == pytest.approx(36.5)
    assert data.longest_chains(20)[2, 10] == 3
    with pytest.raises(NTPDataError, match="num_tokens"):
        trap(8, 18)
