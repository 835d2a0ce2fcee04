"""Arrays and tensors as arguments of functions: taken, given back in kind, or refused by name."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from two_contexts import build

import ntp_lib as ntp
from ntp_lib.numerics.arrays import to_numpy

DECODER = np.random.default_rng(0).standard_normal((5, 2))


@pytest.fixture(scope="module")
def toy():
    return ntp.synthetic.toy_2d()


@pytest.fixture(scope="module")
def references(toy):
    return ntp.references(toy)


# Everything public that takes an array in place of W; True where it gives an array back in its place.
TAKES_W = {
    "cross_entropy": (False, lambda W, data, refs: ntp.cross_entropy(W, data)),
    "cross_entropy_in_support": (False, lambda W, data, refs: ntp.cross_entropy_in_support(W, data)),
    "excess_loss": (False, lambda W, data, refs: ntp.excess_loss(W, data)),
    "excess_parts": (False, lambda W, data, refs: ntp.excess_parts(W, data)),
    "margin": (False, lambda W, data, refs: ntp.margin(W, data)),
    "gradient": (True, lambda W, data, refs: ntp.gradient(W, data)),
    "project": (True, lambda W, data, refs: refs.F.project(W)),
    "project_complement": (True, lambda W, data, refs: refs.F.project_complement(W)),
    "train": (True, lambda W, data, refs: ntp.train(data, W0=W, steps=3, references=refs).W),
    "gradient_flow": (
        True,
        lambda W, data, refs: ntp.gradient_flow(data, log_times=[0.0], W0=W, references=refs).W(0),
    ),
}

TENSORS = {
    "float64": torch.tensor(DECODER),
    "float32": torch.tensor(DECODER, dtype=torch.float32),
    "bfloat16": torch.tensor(DECODER).bfloat16(),
    "with a gradient": torch.tensor(DECODER, requires_grad=True),
    "a parameter": torch.nn.Parameter(torch.tensor(DECODER)),
    "not contiguous": torch.tensor(DECODER.T.copy()).T,
    "whole numbers": torch.tensor(np.rint(3 * DECODER), dtype=torch.int16),
    "a conjugate view": torch.view_as_complex(torch.tensor(np.stack([DECODER, -DECODER], axis=-1))).conj().imag,
}


def flat(result):
    return np.ravel(np.asarray(to_numpy(result), dtype=np.float64))


@pytest.mark.parametrize("name", TAKES_W)
@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_are_taken_and_their_kind_given_back(name, kind, toy, references):
    gives_back, function = TAKES_W[name]
    tensor = TENSORS[kind]
    result = function(tensor, toy, references)
    expected = function(tensor.detach().to(torch.float64).resolve_neg().numpy(), toy, references)
    assert np.array_equal(flat(result), flat(expected))
    if gives_back:
        assert isinstance(expected, np.ndarray)
        assert (type(result), result.dtype, result.device) == (torch.Tensor, torch.float64, tensor.device)
        assert not result.requires_grad
    else:
        assert all(type(number) is float for number in np.atleast_1d(np.asarray(result, dtype=object)))


@pytest.mark.parametrize("name", TAKES_W)
def test_lists_are_arrays(name, toy, references):
    _, function = TAKES_W[name]
    expected = flat(function(DECODER, toy, references))
    rows_as_tensors = list(torch.tensor(DECODER, requires_grad=True))
    for value in (DECODER.tolist(), tuple(map(tuple, DECODER)), rows_as_tensors, pd.DataFrame(DECODER)):
        result = function(value, toy, references)
        assert np.array_equal(flat(result), expected)
        assert not isinstance(result, torch.Tensor)


NO_NUMBERS = {
    "complex": (DECODER + 1j, "a complex number"),
    "complex, all real": (DECODER.astype(complex), "a complex number"),
    "a complex tensor": (torch.tensor(DECODER + 1j), "a complex number"),
    "text": (DECODER.astype(str), "text"),
    "bytes": (DECODER.astype("S"), "bytes"),
    "booleans": (DECODER > 0, "a boolean"),
    "a boolean tensor": (torch.tensor(DECODER > 0), "a boolean"),
    "a boolean in a list": ([[1.0, True], *DECODER[1:].tolist()], r"entry \(0, 1\) is True, a boolean"),
    "dates": (np.zeros((5, 2), dtype="datetime64[s]"), "a date"),
    "durations": (np.zeros((5, 2), dtype="timedelta64[s]"), "a duration"),
    "records": (np.zeros(5, dtype=[("x", float)]), "a record"),
    "None": (np.full((5, 2), None), r"entry \(0, 0\) is None \(NoneType\)"),
    "text among objects": (np.array([[1.0, "2"]] * 5, dtype=object), r"entry \(0, 1\) is '2' \(str\)"),
    "text in a list": ([[1.0, "2"]] * 5, "text"),
    "decimals": (np.full((5, 2), Decimal(1)), "Decimal"),
    "a missing value": (np.array([[1.0, pd.NA]] * 5, dtype=object), r"entry \(0, 1\) is <NA>"),
    "an integer beyond float64": (np.full((5, 2), 10**400), r"entry \(0, 0\) is beyond the range of float64"),
    "masked": (np.ma.masked_array(DECODER, mask=DECODER > 1), r"entry \(\d, \d\) is masked"),
    "ragged": ([[1.0, 2.0], [3.0]], "inhomogeneous"),
    "a generator": ((row for row in DECODER), "got generator"),
    "a set": ({1.0, 2.0}, "got set"),
    "a dictionary": ({0: 1.0}, "got dict"),
    "one text": ("abc", "text"),
    "nothing": (object(), "got object"),
    "sparse": (sp.csr_array(DECODER), r"a dense one is needed: call \.toarray\(\)"),
    "a sparse tensor": (torch.tensor(DECODER).to_sparse(), r"call \.to_dense\(\)"),
    "a tensor without values": (torch.zeros(5, 2, device="meta"), "holds no values"),
    "beyond float64": (np.full((5, 2), np.longdouble("1e4000")), "NaN or infinity"),
    "wrong shape": (DECODER.T, "these data need"),
    "one number": (1.0, "these data need"),
}


@pytest.mark.parametrize("name", TAKES_W)
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_array_of_numbers_is_refused_by_name(name, kind, toy, references):
    value, message = NO_NUMBERS[kind]
    if kind == "a generator":
        value = (row for row in DECODER)
    with pytest.raises(ntp.NTPDataError, match=message) as raised:
        TAKES_W[name][1](value, toy, references)
    assert str(raised.value).startswith("W")


@pytest.mark.parametrize("kind", sorted(set(NO_NUMBERS) - {"wrong shape", "a generator", "sparse"}))
@pytest.mark.parametrize("part", ["embeddings", "context_probs", "next_token_probs"])
def test_data_refuse_the_same_by_name(part, kind):
    with pytest.raises(ntp.NTPDataError, match=part):
        build(**{part: NO_NUMBERS[kind][0]})


SEQUENCES = {
    "log_times": lambda value, data, refs: (
        ntp.gradient_flow(data, log_times=value, references=refs).frame.log_time
    ),
    "radii": lambda value, data, refs: ntp.regularization_path(data, radii=value, references=refs).frame.radius,
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_may_be_tensors(name, toy, references):
    value = torch.tensor([1.0, 2.0], requires_grad=True)
    assert SEQUENCES[name](value, toy, references).tolist() == pytest.approx([1.0, 2.0], rel=1e-9)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize(
    "value", ["a", ["1", "2"], [1, None], [1 + 0j], (x for x in [1.0]), 5, [[1.0, 2.0]], [True]]
)
def test_other_sequences_are_refused_by_name(name, value, toy, references):
    with pytest.raises(ntp.NTPDataError, match=name):
        SEQUENCES[name](value, toy, references)


def test_penalties_preconditioners_and_sizes_may_be_tensors(toy, references):
    P = torch.tensor(np.exp(DECODER), requires_grad=True)
    assert np.array_equal(
        ntp.max_margin(toy, preconditioner=P).W, ntp.max_margin(toy, preconditioner=P.detach().numpy()).W
    )
    path = ntp.regularization_path(toy, penalties=torch.tensor([1.0, 0.1]), references=references)
    assert path.frame.penalty.tolist() == pytest.approx([1.0, 0.1], rel=1e-7)  # float32 holds 0.1 to 1.5e-9
    sizes = torch.tensor([2, 3])
    assert ntp.threshold(vocab_size=10, support_size=sizes) == ntp.threshold(vocab_size=10, support_size=[2, 3])
    assert ntp.threshold(vocab_size=10, support_size=np.array(2)) == ntp.threshold(vocab_size=10, support_size=2)
