"""Active pairs of a decoder that is W^mm, and of one that is not."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.limiting.limits import compatible_counterpart
from ntp_lib.margins.active_pairs import active_pairs, margin_vectors
from ntp_lib.subspaces.data_space import data_space

TOY = ntp.synthetic.toy_2d()
SPACE = data_space(ntp.subspace(TOY))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_another_decoder_of_margin_one_is_left_as_it_is(seed, random_problem):
    data = random_problem(seed, m=6, d=6)
    space, W = data_space(ntp.subspace(data)), ntp.max_margin(data, norm="max").W
    pairs = active_pairs(W / ntp.margin(W, data), data, space)
    given = space.embed_offset(space.coordinates(W / ntp.margin(W, data))[1])
    assert pairs.W_mm == pytest.approx(given, abs=1e-12)
    assert np.abs(pairs.W_mm - ntp.ntp_svm(data).W).max() > 1e-2
    assert np.array_equal(pairs.vectors, margin_vectors(pairs.mask, space))


@pytest.mark.parametrize("exponent", [-20, 20])
def test_pairs_do_not_depend_on_the_unit_of_the_embeddings(exponent):
    other = ntp.NTPData(np.ldexp(TOY.embeddings, exponent), TOY.context_probs, TOY.probs)
    # As far from W^mm as a solver may leave it.
    W = ntp.ntp_svm(TOY).W * (1 + 3e-8)
    found = active_pairs(W, TOY, SPACE)
    moved = active_pairs(np.ldexp(W, -exponent), other, data_space(ntp.subspace(other)))
    assert np.array_equal(moved.mask, found.mask)
    for pairs in (found, moved):
        assert np.abs(pairs.vectors @ pairs.y_mm - 1).max() <= 1e-13


def test_log_odds_of_seven_hundred_have_a_counterpart():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 1e-300, 1e-300, 0.0]])
    found = compatible_counterpart(ntp.references(data))
    assert found.probs.toarray() == pytest.approx(data.probs.toarray(), rel=1e-9, abs=0)
