"""Decoders and multipliers in the units of the embeddings, and contexts without a token out of support."""

import re
from dataclasses import replace

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.svm import _at_margin_one


def test_multipliers_beyond_float64_are_named_though_the_decoder_is_not():
    """‖W^mm‖² is a sum of multipliers, so of many small ones each leaves the range before W does."""
    labels = np.eye(2)[np.zeros(200, dtype=int)]
    refused = {}
    for exponent in range(490, 515):
        data = ntp.NTPData(np.full((200, 1), 2.0**exponent), np.full(200, 1 / 200), labels)
        try:
            ntp.ntp_svm(data)
        except ntp.NTPDataError as error:
            refused[exponent] = str(error)
    first = refused[min(refused)]
    length = r"embeddings of length about 1e\+1\d\d make the multipliers of W\^mm about 1e-(\d+):"
    found = re.match(length, first)
    assert found, first
    assert 300 <= int(found[1]) <= 305
    assert "make W^mm about" in refused[514]


def test_contexts_without_a_token_out_of_support_come_last_too():
    data = ntp.NTPData(np.eye(3), np.full(3, 1 / 3), [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    conic, structured = (ntp.ntp_svm(data, solver=solver).W for solver in ("cvxpy", "structured"))
    assert conic == pytest.approx(structured, abs=1e-6)


@pytest.mark.parametrize("scale", [0.9, 1.001])
def test_a_solution_is_brought_to_margin_one(scale):
    found = ntp.ntp_svm(ntp.synthetic.toy_2d())
    moved = _at_margin_one(replace(found, W=found.W * scale))
    assert moved.margin == pytest.approx(1, abs=1e-12)
    assert np.abs(moved.W - found.W / found.margin).max() <= 1e-12


def test_a_wide_tolerance_leaves_the_frobenius_margin_accurate():
    assert abs(ntp.max_margin(ntp.synthetic.toy_2d(), tolerance=0.5).gap) <= 1e-6
