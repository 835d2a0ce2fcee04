"""Decoders wait to be measured together, and only as many as fit into memory."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.trajectories import trace
from ntp_lib.trajectories.trace import Trace


@pytest.mark.parametrize(("entries", "batches"), [(1, [1, 1, 1, 1, 1]), (30, [2, 2, 1]), (10**6, [5])])
def test_no_more_decoders_wait_than_fit(monkeypatch, entries, batches):
    """The toy has V·d = 10 entries in a decoder and m·V = 15 logits."""
    monkeypatch.setattr(trace, "WAITING_ENTRIES", entries)
    data, seen = ntp.synthetic.toy_2d(), []

    def further(stacked):
        seen.append(len(stacked))
        return {"first": stacked[:, 0, 0]}

    recorded = Trace(ntp.references(data), further)
    for step in range(5):
        recorded.record(step, np.full((data.vocab_size, data.dim), float(step)))
    frame = recorded.frame()
    assert seen == batches
    assert frame["step"].tolist() == frame["first"].tolist() == [0, 1, 2, 3, 4]


def test_columns_that_a_caller_fills_again_are_kept(monkeypatch):
    monkeypatch.setattr(trace, "WAITING_ENTRIES", 1)
    data, same = ntp.synthetic.toy_2d(), np.empty(1)

    def further(stacked):
        same[:] = stacked[:, 0, 0]
        return {"first": same}

    recorded = Trace(ntp.references(data), further)
    for step in range(3):
        recorded.record(step, np.full((data.vocab_size, data.dim), float(step)))
    assert recorded.frame()["first"].tolist() == [0, 1, 2]
    assert same.tolist() == [2], "control: the array itself holds the last"
