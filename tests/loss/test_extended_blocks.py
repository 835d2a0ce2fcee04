"""Excess losses in extended precision add up over all blocks of contexts."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.data import ntp_data
from ntp_lib.loss.cross_entropy import _extended_parts


@pytest.mark.parametrize("seed", range(3))
def test_extended_parts_do_not_depend_on_the_blocks(seed, random_problem, monkeypatch):
    data = random_problem(seed, m=7, d=3, V=5)
    W = np.random.default_rng(seed).standard_normal((5, 3))
    monkeypatch.setattr(ntp_data, "BLOCK_ENTRIES", 10)
    assert len(list(data.blocks())) == 4
    assert sum(_extended_parts(W, data)) == pytest.approx(ntp.cross_entropy(W, data) - data.entropy, rel=1e-13)
