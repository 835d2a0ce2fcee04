"""Small choice data whose answer is known without a computer: repeated tokens, dependent embeddings."""

import numpy as np

import ntp_lib as ntp
from ntp_lib.choice.luce import luce_strengths
from ntp_lib.choice.references import choice_references, embeddings_are_independent


def test_a_repeated_token_needs_less_strength() -> None:
    # Chosen in three of four sentences, a occurs twice: odds of 3 are log 3 − log 2 apart.
    data = ntp.ChoiceData.from_sentences(["aabq"] * 4, ["a", "a", "a", "b"])
    u = luce_strengths(data)[0]
    assert abs(u[0] - u[1] - np.log(3 / 2)) < 1e-10
    W = choice_references(data).W_finite
    assert abs(W[0, 2] - W[1, 2] - np.log(3 / 2)) < 1e-10


def test_as_many_dimensions_as_tokens_do_not_make_embeddings_independent() -> None:
    # u + v = 2w: what beats u and v beats w, and what w beats cannot beat both.
    E = {"u": [1.0, 1, 0], "v": [1.0, -1, 0], "w": [1.0, 0, 0]}
    query = [0.0, 0, 1]
    data = ntp.ChoiceData.from_sentences(["uw", "vw"], ["u", "v"], {**E, "q": query}, queries=["q", "q"])
    assert not embeddings_are_independent(data)
    found = choice_references(data)
    # u over w and v over w add up to u + v over 2w, which is zero: no pair can be given up.
    assert not found.by_graph
    assert found.kept.all()
    assert found.W_mm is None
    # The graph alone sees two edges and no cycle.
    assert not data.in_completed.all()
