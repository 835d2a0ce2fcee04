"""Nearest neighbours and classes of words."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.concepts.neighbours import chance_precision, neighbour_precision, words_by_class
from ntp_lib.concepts.word_classes import WORD_CLASSES


def test_no_word_is_in_two_classes():
    words = [word for members in WORD_CLASSES.values() for word in members]
    assert len(words) == len(set(words))
    assert len(WORD_CLASSES) == 8


def test_classes_keep_the_words_that_occur():
    vocabulary = ["would", "the", "x", "can", "is", "a"]
    assert words_by_class(vocabulary) == {"modals": [0, 3], "determiners": [1, 5]}


def test_precision_counts_neighbours_of_the_same_class():
    angles = np.deg2rad([0, 10, 20, 90, 100, 55])
    rows = np.c_[np.cos(angles), np.sin(angles)] * np.array([1, 5, 2, 1, 9, 3])[:, None]
    found = neighbour_precision(rows, {"low": [0, 1, 2], "high": [3, 4]}, nearest=2)
    # The second neighbour of each high word is the word between.
    assert found == {"low": 1.0, "high": 0.5}
    assert chance_precision({"low": [0, 1, 2], "high": [3, 4]}, 6) == pytest.approx((2 / 5 + 1 / 5) / 2)


@pytest.mark.parametrize(
    ("classes", "nearest", "message"),
    [
        ({}, 1, "classes is empty"),
        ({"a": [0, 1], "b": [1, 2]}, 1, "word 1 of class 'b' is in another class too"),
        ({"a": []}, 1, "class 'a' is empty"),
        ({"a": [0, 9]}, 1, "a place of class 'a' is 9"),
        ({"a": [0, 1]}, 4, "nearest is 4; it must be a whole number of at least 1 and at most 3"),
    ],
)
def test_impossible_questions_are_refused(classes, nearest, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        neighbour_precision(np.eye(4), classes, nearest=nearest)


def test_chance_needs_a_class_and_two_words():
    with pytest.raises(ntp.NTPDataError, match="classes is empty"):
        chance_precision({}, 5)
    with pytest.raises(ntp.NTPDataError, match="vocab_size is 1"):
        chance_precision({"a": [0]}, 1)
