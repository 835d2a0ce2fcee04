"""Contexts of letters."""

import numpy as np
import pytest

from ntp_lib.attention.prefixes import LETTERS, letter_pairs, letters_only, window_prefixes
from ntp_lib.errors import NTPDataError

TEXT = "Zero, " + "abc abd " * 60


def named(found):
    return ["".join(LETTERS[i] for i in context) for context in found.contexts]


def test_only_letters_and_single_spaces_stay():
    assert letters_only(" A-b\n2 c. ") == "a b c"


def test_prefixes_of_windows_are_counted():
    found = window_prefixes(TEXT, 3, 3)
    # The windows begin at words 1, 24 and 47: "abc", "abd", "abc".
    assert named(found) == ["a", "ab"]
    assert found.letters == "bcd"
    np.testing.assert_allclose(found.context_probs, [0.5, 0.5])
    np.testing.assert_allclose(found.probs, [[1, 0, 0], [0, 2 / 3, 1 / 3]])


def test_pairs_of_letters_are_counted():
    found = letter_pairs("ab ab ac", 8)
    assert named(found) == [" a", "ab", "b "]
    assert found.letters == "abc "
    np.testing.assert_allclose(found.probs, [[0, 0.5, 0.5, 0], [0, 0, 0, 1], [1, 0, 0, 0]])
    np.testing.assert_allclose(found.context_probs, [1 / 3, 1 / 3, 1 / 3])


def test_features_make_data():
    found = letter_pairs("ab ab abac", 10)
    data = found.with_features(np.eye(len(found.contexts)))
    np.testing.assert_allclose(data.context_probs, np.full(len(found.contexts), 1 / len(found.contexts)))
    weighted = found.with_features(np.eye(len(found.contexts)), weighted=True)
    np.testing.assert_allclose(weighted.context_probs, found.context_probs)


def test_too_short_a_text_is_refused():
    with pytest.raises(NTPDataError, match="too few for 50 windows"):
        window_prefixes(TEXT, 50)
    with pytest.raises(NTPDataError, match="were asked for"):
        letter_pairs("abc", 4)
