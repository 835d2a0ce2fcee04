"""What the laws predict for a cell, question by question."""

import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.predictions import predicted_ratio


def test_separability_is_predicted_by_the_law_and_compatibility_by_the_count():
    """For V = 3 and |S| = 2: 4/3, and 2 tokens' log-odds for every equation."""
    assert predicted_ratio("separability", 3, "2") == pytest.approx(4 / 3, rel=1e-12)
    assert predicted_ratio("compatibility", 3, "2") == pytest.approx(2)


@pytest.mark.parametrize("text", ["1-4", "zipf:1-4"])
def test_only_the_sizes_of_a_law_matter(text):
    assert predicted_ratio("separability", 7, text) == ntp.threshold(vocab_size=7, support_size=[1, 2, 3, 4])
    assert predicted_ratio("compatibility", 7, text) == pytest.approx(6 / 1.5)


@pytest.mark.parametrize(
    ("vocab_size", "supports", "message"),
    [(5, "many", "support law 'many'"), (5, "6", "support law 6: 6 tokens, but the vocabulary has 5")],
)
def test_a_law_that_does_not_fit_is_refused(vocab_size, supports, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        predicted_ratio("separability", vocab_size, supports)
