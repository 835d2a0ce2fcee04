"""Priority graphs: components by reachability and by linear programmes, heights, and cycles as certificates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ntp_lib as ntp
from ntp_lib.choice.cycles import require_no_cycle, shortest_cycle
from ntp_lib.choice.references import bounded_by_programme, embeddings_are_independent

CYCLE = ntp.ChoiceData.from_sentences(["abq", "aq", "bcq", "caq", "bar"], ["a", "a", "b", "c", "b"])


@st.composite
def sentences(draw):
    """A few sentences over five tokens, the last of which is the query, and one token of each that follows."""
    count = draw(st.integers(2, 7))
    rows = [
        [*draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)), draw(st.integers(3, 4))] for _ in range(count)
    ]
    return rows, [draw(st.sampled_from(row)) for row in rows]


def reachable(graph):
    """Which token reaches which, by squaring the adjacency."""
    closed = (graph.adjacency.toarray() > 0) | np.eye(graph.num_tokens, dtype=bool)
    for _ in range(graph.num_tokens):
        closed = closed @ closed
    return closed


@given(sentences(), st.integers(0, 10**6))
@settings(max_examples=60)
def test_the_programme_finds_the_components(drawn, seed):
    E = np.random.default_rng(seed).standard_normal((5, 6))
    data = ntp.ChoiceData.from_sentences(*drawn, E)
    assert embeddings_are_independent(data)
    if len(data.rows) == data.num_contexts:
        return
    np.testing.assert_array_equal(bounded_by_programme(data), data.in_completed & ~data.in_support)


@given(sentences())
@settings(max_examples=60)
def test_components_and_heights_by_reachability(drawn):
    data = ntp.ChoiceData.from_sentences(*drawn)
    groups, names = data.query_groups
    for number, name in enumerate(names):
        graph = data.priority_graph(name)
        closed = reachable(graph)
        same = graph.components[:, None] == graph.components
        np.testing.assert_array_equal(same, closed & closed.T)
        for y, c, j in graph.edges.tolist():
            assert groups[j] == number
            drop = graph.heights[y] - graph.heights[c]
            assert drop == 0 if same[y, c] else drop >= 1
            assert same[y, c] or graph.components[y] > graph.components[c]
        np.testing.assert_array_equal(data.components[number], graph.components)
    # All labels of a context lie in one component, so that S'_j does not depend on which is taken.
    assert np.all(data.in_completed[data.in_support])


@given(sentences())
@settings(max_examples=60)
def test_a_cycle_is_found_where_and_only_where_a_component_is_larger_than_its_labels(drawn):
    data = ntp.ChoiceData.from_sentences(*drawn)
    cycle = shortest_cycle(data)
    assert (cycle is None) == bool(np.all(data.in_support | ~data.in_completed))
    if cycle is None:
        require_no_cycle(data)
        return
    assert not cycle.ties.all()
    assert not cycle.total.any()
    labels, counts = data.label_probs.toarray(), data.candidates.toarray()
    for (y, c, j), (after, _, _), tie in zip(
        cycle.edges, np.roll(cycle.edges, -1, axis=0), cycle.ties, strict=True
    ):
        assert c == after
        assert y != c
        assert labels[j, y] > 0
        assert counts[j, c] > 0
        assert (labels[j, c] > 0) == tie
        assert data.query_tokens[j] == cycle.query


def test_a_cycle_in_words():
    words = (
        "query 'q': 'a' beats 'b' (sentence 0), 'b' beats 'c' (sentence 2), 'c' beats 'a' (sentence 3): "
        "no attention weights satisfy all three"
    )
    assert shortest_cycle(CYCLE).words == words
    with pytest.raises(ntp.NTPDataError) as error:
        require_no_cycle(CYCLE)
    assert str(error.value) == words
    assert shortest_cycle(CYCLE, "r") is None


def test_a_tie_in_words_without_names():
    data = ntp.ChoiceData(np.eye(2), [[1.0], [1.0]], np.ones((2, 2)), [[0.5, 0.5], [1, 0]], [0.5, 0.5])
    assert shortest_cycle(data).words == (
        "query 0: token 0 beats token 1 (context 1), token 1 ties with token 0 (context 0): "
        "no attention weights satisfy both"
    )


def test_the_shortest_cycle_is_named():
    rows = ["abq", "bcq", "cdq", "daq", "dcaq"]
    assert len(shortest_cycle(ntp.ChoiceData.from_sentences(rows, list("abcdd"))).edges) == 2
    longer = ntp.ChoiceData.from_sentences(
        [f"{a}{b}q" for a, b in zip("abcdefg", "bcdefga", strict=True)], "abcdefg"
    )
    assert shortest_cycle(longer).words.endswith("no attention weights satisfy all 7")


def test_queries_with_one_embedding_share_their_graph():
    # 'q' says a over b, 'r' says b over a: together a cycle where their embeddings are one.
    E = dict(zip("abqr", np.eye(4), strict=True))
    apart = ntp.ChoiceData.from_sentences(["abq", "abr"], ["a", "b"], E)
    merged = ntp.ChoiceData.from_sentences(["abq", "abr"], ["a", "b"], {**E, "r": E["q"]})
    assert shortest_cycle(apart) is None
    assert len(apart.components) == 2
    assert shortest_cycle(merged) is not None
    assert merged.query_groups[1] == ("q",)
    np.testing.assert_array_equal(merged.priority_graph("q").edges, merged.priority_graph("r").edges)


def test_an_unknown_query_is_refused():
    with pytest.raises(ntp.NTPDataError, match="no context has the query 'x'; there are 'q', 'r'"):
        CYCLE.priority_graph("x")
    unnamed = ntp.ChoiceData(np.eye(2), np.eye(2), np.ones((2, 2)), np.eye(2), [0.5, 0.5])
    assert unnamed.priority_graph(1).query == 1
    with pytest.raises(ntp.NTPDataError, match="no context has the query 2"):
        unnamed.priority_graph(2)


def test_completed_supports():
    np.testing.assert_array_equal(
        CYCLE.completed_support.toarray().astype(int)[:, [0, 1, 3]],  # a, b, c; 'q' is the third token
        [[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0]],
    )
    assert CYCLE.pairs(completed=True).support_sizes.sum() > CYCLE.pairs().support_sizes.sum()
