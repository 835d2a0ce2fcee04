"""Laws of support sizes: what may be passed, what becomes of it, and what is refused."""

import re

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.thresholds.support_sizes import support_sizes


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        (3, ((3, 1.0),)),
        (np.int64(3), ((3, 1.0),)),
        ([5, 2, 2, 2], ((2, 0.75), (5, 0.25))),
        (range(1, 5), ((1, 0.25), (2, 0.25), (3, 0.25), (4, 0.25))),
        (np.array([[1, 2], [2, 2]]), ((1, 0.25), (2, 0.75))),
        (np.array(4), ((4, 1.0),)),
        (torch.tensor([4, 1]), ((1, 0.5), (4, 0.5))),
        ((size for size in (2, 6)), ((2, 0.5), (6, 0.5))),
        ({6: 1, 1: 3}, ((1, 0.75), (6, 0.25))),
        ({2: 5.0, 4: 0.0}, ((2, 1.0),)),
        ({1: 1e100, 2: 1e100}, ((1, 0.5), (2, 0.5))),
    ],
)
def test_sizes_become_probabilities_in_order(given, weights):
    found = support_sizes(6, given)
    assert found.weights == weights
    assert found.vocab_size == 6
    assert found.mean == pytest.approx(sum(size * weight for size, weight in weights))
    assert all(type(size) is int and type(weight) is float for size, weight in found.weights)


@pytest.mark.parametrize(
    ("vocab_size", "given", "message"),
    [
        (1, 1, "vocab_size is 1; it must be at least 2"),
        (2.5, 1, "vocab_size is 2.5; it must be an integer"),
        (True, 1, "vocab_size is True; it must be an integer"),
        (6, 0, "support_size is 0; it must be between 1 and vocab_size = 6"),
        (6, 7, "support_size is 7; it must be between 1 and vocab_size = 6"),
        (6, {-1: 1.0}, "support_size is -1; it must be between 1 and vocab_size = 6"),
        (6, 2.0, "support_size is 2.0; it must be an integer"),
        (6, [1, 2.5], "support_size is 2.5; it must be an integer"),
        (6, {2.5: 1.0}, "support_size is 2.5; it must be an integer"),
        (6, None, "support_size is None; it must be an integer"),
        (6, "6", "support_size is the text '6'; give an integer, integers or size → weight"),
        (6, torch.ones(3).to_sparse(), "support_size has the layout torch.sparse_coo; a dense tensor is needed"),
        (6, {2: -0.5}, "the weight of support size 2 is -0.5; it must be a finite number at least 0"),
        (6, {2: 2e100}, "the weight of support size 2 is 2e+100; it must be a finite number at least 0"),
        (6, {2: "x"}, "the weight of support size 2 is 'x'"),
        (6, {}, "support_size gives no size a positive weight"),
        (6, {2: 0}, "support_size gives no size a positive weight"),
        (6, [6, 6], "every support is the whole vocabulary of 6 tokens, so no margin is defined"),
        (6, {6: 1, 2: 0}, "every support is the whole vocabulary of 6 tokens, so no margin is defined"),
    ],
)
def test_what_is_no_law_is_refused_by_name(vocab_size, given, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        support_sizes(vocab_size, given)


def test_two_tokens_are_a_vocabulary():
    assert support_sizes(2, 1).weights == ((1, 1.0),)
