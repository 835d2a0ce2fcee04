"""What the gradient flow refuses: requests, data, starts and times out of range."""

import numpy as np
import pytest

import ntp_lib as ntp


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"log_times": []}, "log_times is empty"),
        ({"log_times": 3.0}, "log_times is 3.0; a sequence"),
        ({"log_times": [0.0, np.nan]}, r"log_times\[1\] is nan"),
        ({"log_times": [0.0, 2.0, 2.0]}, r"entry 2, 2, does not"),
        ({"log_times": [0.0], "W0": np.zeros((2, 2))}, r"W0 has shape \(2, 2\)"),
        ({"log_times": [0.0], "tolerance": 0.5}, "tolerance is 0.5"),
    ],
)
def test_bad_requests_are_refused(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.gradient_flow(ntp.synthetic.toy_2d(), **options)


def test_supports_without_an_outside_are_refused():
    with pytest.raises(ntp.NTPDataError, match="out of support"):
        ntp.gradient_flow(ntp.NTPData([[1.0]], [1.0], [[0.5, 0.5]]), log_times=[0.0])


def test_starts_and_embeddings_out_of_range_are_refused_by_name():
    toy = ntp.synthetic.toy_2d()
    references = ntp.references(toy)
    for size in (1e101, 1e154, 1e300):
        with pytest.raises(ntp.NTPDataError, match=r"W0 has an entry of size .*at most 1e\+100"):
            ntp.gradient_flow(toy, log_times=[0.0, 10.0], W0=np.full((5, 2), size), references=references)
    for scale in (1e-300, 1e-41, 1e41, 1e300):
        data = ntp.NTPData(toy.embeddings * scale, toy.context_probs, toy.next_token_probs)
        with pytest.raises(ntp.NTPDataError, match=r"the longest has length .* between 1e-40 and 1e\+40"):
            ntp.gradient_flow(data, log_times=[0.0])
    nothing = ntp.NTPData(np.zeros((1, 2)), [1.0], [[0.5, 0.5, 0.0]])
    with pytest.raises(ntp.NTPDataError, match="all of them are zero"):
        ntp.gradient_flow(nothing, log_times=[0.0])


def test_far_logarithmic_times_are_computed_and_farther_ones_refused():
    frame = ntp.gradient_flow(ntp.synthetic.toy_2d(), log_times=[-1e6, 0.0, 1e9]).frame
    assert np.isfinite(frame.to_numpy(dtype=float)).all()
    with pytest.raises(ntp.NTPDataError, match=r"log_times\[1\] is 1e\+10; it must lie within"):
        ntp.gradient_flow(ntp.synthetic.toy_2d(), log_times=[0.0, 1e10])
