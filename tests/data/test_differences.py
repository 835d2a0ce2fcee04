"""The first difference between two problems, word for word."""

import numpy as np
import pytest
import scipy.sparse as sp

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data.identity import require_same_data

ROWS = np.arange(12.0).reshape(4, 3)
WEIGHTS = [0.125, 0.375, 0.25, 0.25]
PROBS = np.array([[0.5, 0.5, 0, 0], [0, 1, 0, 0], [0, 0.25, 0.75, 0], [0.25, 0.25, 0, 0.5]])


def build(rows=ROWS, weights=WEIGHTS, probs=PROBS):
    return NTPData(rows, weights, probs)


def changed(array, place, value):
    array = np.array(array)
    array[place] = value
    return array


DIFFERENCES = [
    ({"rows": ROWS[:3], "weights": [0.5, 0.25, 0.25], "probs": PROBS[:3]}, "whose num_contexts is 3, not 4"),
    ({"rows": ROWS[:, :2]}, "whose dim is 2, not 3"),
    ({"probs": np.hstack([PROBS, np.zeros((4, 1))])}, "whose vocab_size is 5, not 4"),
    ({"rows": changed(ROWS, (slice(2, 4), 1), 0.5)}, "with another embedding of context 2"),
    ({"weights": [0.125, 0.25, 0.375, 0.25]}, "with context_probs 0.25, not 0.375, of context 1"),
    ({"probs": changed(PROBS, (1, slice(0, 2)), 0.5)}, "with another support of context 1"),
    ({"probs": changed(PROBS, (2, slice(0, 3)), [0.25, 0, 0.75])}, "with another support of context 2"),
    (
        {"probs": changed(PROBS, (slice(2, 4), slice(1, 4)), [[0.5, 0.5, 0], [0.5, 0, 0.25]])},
        "with other next_token_probs of context 2",
    ),
]


@pytest.mark.parametrize(("changes", "words"), DIFFERENCES)
def test_the_first_difference_is_named(changes, words):
    with pytest.raises(NTPDataError) as raised:
        require_same_data(build(**changes), build(), "references")
    assert str(raised.value) == f"references: computed for other data, {words}; compute it for these data"


@pytest.mark.parametrize(("changes", "words"), DIFFERENCES)
def test_without_embeddings_all_other_differences_count(changes, words):
    if "dim" in words or "embedding" in words:
        require_same_data(build(**changes), build(), "F", labels_only=True)
    else:
        with pytest.raises(NTPDataError, match=words):
            require_same_data(build(**changes), build(), "F", labels_only=True)


def test_neither_names_nor_sparseness_matter():
    named = NTPData(ROWS, WEIGHTS, sp.csr_array(PROBS), vocabulary=list("abcd"), num_sequences=8)
    require_same_data(named, build(), "references")
