"""Arrays and tensors as data: converted, copied, or refused by name."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from two_contexts import PROBS, WEIGHTS, build

import ntp_lib as ntp
from ntp_lib.numerics.arrays import NUMPY, ArrayKind, real_array


def test_sparse_embeddings_and_generators_are_refused_with_what_to_do():
    with pytest.raises(ntp.NTPDataError, match=r"embeddings .* call \.toarray\(\)"):
        build(embeddings=sp.csr_array(np.eye(2)))
    with pytest.raises(ntp.NTPDataError, match=r"embeddings .* got generator"):
        build(embeddings=(row for row in np.eye(2)))


@pytest.mark.parametrize("dtype", [bool, complex])
def test_sparse_probabilities_must_be_numbers_too(dtype):
    with pytest.raises(ntp.NTPDataError, match="next_token_probs must be numbers"):
        build(next_token_probs=sp.csr_array(np.eye(2, dtype=dtype)))


def test_sparse_probabilities_with_indices_out_of_range_are_refused():
    probs = sp.csr_array(PROBS)
    probs.indices[0] = 99
    with pytest.raises(ntp.NTPDataError, match="next_token_probs is no sound sparse array"):
        build(next_token_probs=probs)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float8_e4m3fn, torch.float32])
def test_every_kind_of_float_is_converted_exactly(dtype):
    tensor = torch.tensor([[1.5, -0.4375], [0.1, 3.0]]).to(dtype)
    data = build(embeddings=tensor)
    assert np.array_equal(data.embeddings, tensor.to(torch.float64).numpy())
    assert data.embeddings.dtype == np.float64


def test_changing_a_tensor_afterwards_changes_nothing():
    tensor = torch.eye(2, dtype=torch.float64, requires_grad=True)
    data = build(embeddings=tensor)
    with torch.no_grad():
        tensor[0] = 7.0
    assert np.array_equal(data.embeddings, np.eye(2))
    assert isinstance(ntp.ntp_svm(data).W, torch.Tensor)


def test_sound_arrays_of_other_kinds_are_taken():
    masked = np.ma.masked_array(np.eye(2), mask=False)
    fractions = np.array([[Fraction(1, 2), Fraction(1, 2), 0], [0, 0, 1]], dtype=object)
    data = build(embeddings=masked, context_probs=pd.Series(WEIGHTS), next_token_probs=fractions)
    assert np.array_equal(data.embeddings, np.eye(2))
    assert data.next_token_probs.tolist() == PROBS
    assert build(embeddings=np.eye(2, dtype=">f4")).embeddings.dtype.isnative


def test_an_array_of_float64_is_copied_only_where_asked():
    array = np.eye(2)
    assert real_array(array, "x", "(2, 2)", copy=False) is array
    assert not np.shares_memory(real_array(array, "x", "(2, 2)"), array)
    assert not np.shares_memory(real_array(torch.from_numpy(array), "x", "(2, 2)"), array)


def test_a_device_without_float64_is_named(monkeypatch):
    def refuse(array, device):
        raise TypeError("float64 is not supported")

    kind = ArrayKind("torch", "mps")
    monkeypatch.setattr(kind.namespace, "asarray", refuse)
    with pytest.raises(ntp.NTPDataError, match="device mps: float64 is not supported; move the tensors"):
        kind.convert(np.eye(2))


def test_arrays_go_to_the_device_they_are_asked_for():
    """The meta device stands for any other: it holds no values, but shows what would be sent there."""
    kind = ArrayKind.of(torch.zeros(1, device="meta"))
    assert kind.convert(np.eye(2)).device.type == "meta"
    assert isinstance(NUMPY.convert(np.eye(2)), np.ndarray)


def test_tokens_and_labels_may_be_tensors():
    data = ntp.NTPData.from_tokens(torch.tensor([5, 7, 5, 5, 7]), context_length=1, dim=2)
    assert data.vocabulary == (5, 7)
    assert build(vocabulary=torch.tensor([1, 2, 3])).vocabulary == (1, 2, 3)
    with pytest.raises(ntp.NTPDataError, match="token 1 is masked"):
        ntp.NTPData.from_tokens(np.ma.masked_array([5, 7, 5], mask=[0, 1, 0]), context_length=1)
    with pytest.raises(ntp.NTPDataError, match="vocabulary is 5; it must be a sequence"):
        build(vocabulary=5)


def test_subnormal_probabilities_are_refused_by_name():
    tiny = 5e-324
    with pytest.raises(ntp.NTPDataError, match=r"token 0 the value 5e-324; .* at least 2\.23e-308"):
        build(next_token_probs=[[0.5, 0.5, 0.0], [tiny, 0.0, 1.0]])
    with pytest.raises(ntp.NTPDataError, match="context_probs: context 0 has the value 5e-324"):
        build(context_probs=[tiny, 1.0])
    smallest = np.finfo(float).tiny
    assert build(next_token_probs=[[0.5, 0.5, 0.0], [smallest, 0.0, 1.0]]).probs.nnz == 4


@pytest.mark.parametrize("value", [5.9, 5000.0, np.nan, "10", True, -4])
def test_the_number_of_sequences_is_a_whole_number(value):
    with pytest.raises(ntp.NTPDataError, match="num_sequences is"):
        build(num_sequences=value)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_embeddings_that_are_all_zero_leave_nothing_to_train():
    data = build(embeddings=np.zeros((2, 2)))
    references = ntp.references(data)
    for attempt in (
        lambda: ntp.train(data, references=references),
        lambda: ntp.gradient_flow(data, log_times=[0.0], references=references),
        lambda: ntp.regularization_path(data, penalties=[1.0], references=references),
    ):
        with pytest.raises(ntp.NTPDataError, match="embeddings: all of them are zero"):
            attempt()


def test_places_have_the_width_of_a_pointer():
    """`np.repeat` and fancy indexing take counts of this type without a cast, on 32-bit machines too."""
    data = build()
    assert data.support_sizes.dtype == data.support_rows.dtype == np.intp
