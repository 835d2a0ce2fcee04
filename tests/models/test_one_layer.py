"""A transformer of one layer that is trained whole."""

import pytest
import torch

from ntp_lib.attention.prefixes import window_prefixes
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.models.one_layer import trained_excess

TEXT = "zero " + "abc abd bca cab dab " * 60


def test_a_wide_layer_fits_a_few_contexts_and_a_narrow_one_does_not():
    data = window_prefixes(TEXT, 4, 4)
    assert min(trained_excess(data, width=16, steps=150, seed=seed) for seed in range(3)) < 0.01
    assert trained_excess(data, width=1, steps=150) > 0.02


def test_runs_repeat_and_leave_the_threads_alone():
    data = window_prefixes(TEXT, 3, 3)
    before = torch.get_num_threads()
    first, second = (trained_excess(data, width=2, steps=5, seed=1) for _ in range(2))
    assert first == second != trained_excess(data, width=2, steps=5, seed=2)
    assert torch.get_num_threads() == before


def test_bad_input_is_named():
    data = window_prefixes(TEXT, 3, 3)
    with pytest.raises(NTPDataError, match="width is 0"):
        trained_excess(data, width=0)
    with pytest.raises(NTPDataError, match="step_size"):
        trained_excess(data, width=1, step_size=0)
    with pytest.raises(DidNotConvergeError, match="loss is"):
        trained_excess(data, width=1, step_size=1e200, steps=3)
