"""The grammar: its sizes, its supports, and which of them cut across each other."""

import itertools
import re

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.models.grammar import ALONE, CROSSING, NESTED, OBJECTS, WORDS, grammar


def crossing_pairs(data):
    """Pairs of distinct supports that are neither nested nor disjoint."""
    supports = {frozenset(np.flatnonzero(row)) for row in data.support_mask}
    return [(a, b) for a, b in itertools.combinations(supports, 2) if a & b and not a <= b and not b <= a]


def test_the_nested_grammar_has_nested_or_disjoint_supports_and_the_other_has_not():
    nested, crossing = grammar(), grammar(crossing=True)
    assert (nested.data.num_contexts, crossing.data.num_contexts) == (52, 60)
    assert not crossing_pairs(nested.data)
    assert crossing_pairs(crossing.data)
    np.testing.assert_array_equal(nested.data.probs.toarray(), crossing.data.probs.toarray()[:52])


def test_the_verb_alone_decides_the_support():
    taken = NESTED | {verb: (item,) for verb, item in zip(ALONE, OBJECTS, strict=True)} | CROSSING
    sentences = grammar(crossing=True, seed=3)
    for context, row in zip(sentences.data.contexts, sentences.data.support_mask, strict=True):
        time, name, adverb, verb, some = context
        assert (time in ("today", "often"), adverb, some) == (True, "gladly", "some")
        assert name in ("Ana", "Omar", "Mei", "Tom")
        assert {OBJECTS[z] for z in np.flatnonzero(row)} == set(taken[verb])
    several = [context[3] for context in sentences.data.contexts if context[3] not in ALONE]
    assert {several.count(verb) for verb in several} == {4}


def test_tokens_spell_the_contexts_which_are_distinct():
    sentences = grammar(crossing=True)
    spelt = [tuple(WORDS[i] for i in row) for row in sentences.tokens]
    assert spelt == list(sentences.data.contexts)
    assert len(set(spelt)) == 60
    assert len(set(WORDS)) == len(WORDS) == len(sentences.words)
    assert sentences.words is WORDS


def test_probabilities_follow_the_seed_and_none_is_rare():
    first, again, other = (grammar(seed=seed).data.probs.toarray() for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    sizes = (first > 0).sum(axis=1)
    assert (first.max(axis=1, where=first > 0, initial=0) <= 1).all()
    lowest = np.where(first > 0, first, 1).min(axis=1)
    assert (lowest >= 0.1 / sizes * (1 - 1e-12)).all()
    even, uneven = (grammar(concentration=c).data.entropy for c in (1e4, 0.1))
    assert even == pytest.approx(np.log(np.maximum(sizes, 1)).mean(), abs=1e-3)
    assert uneven < 0.7 * even
    np.testing.assert_allclose(grammar().data.context_probs, 1 / 52)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"seed": -1}, "seed is -1; it must be"), ({"concentration": 0}, "concentration is 0; it must be")],
)
def test_what_is_out_of_range_is_refused_by_name(options, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        grammar(**options)
