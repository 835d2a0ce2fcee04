"""Fields of an archive that somebody else wrote: each refused by name, and none of them executed."""

import json
import os
import pickle
import warnings

import numpy as np
import pytest

from ntp_lib import NTPData, NTPDataError

from .archive_members import npy, npy_header, text


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("executed",))


OBJECTS = npy(np.array([Evil()], dtype=object), allow_pickle=True)

# Field, content, and what the refusal says. The vocabulary has five tokens, there are three contexts.
HOSTILE = {
    "pickle": ("embeddings", OBJECTS, "'embeddings' is damaged"),
    "pickled labels": ("vocabulary", OBJECTS, "'vocabulary' is damaged"),
    "bare pickle": ("embeddings", pickle.dumps(Evil()), "'embeddings' is damaged"),
    "objects in the header": ("embeddings", npy_header("|O", (3, 2), b"x" * 48), "holds objects, not numbers"),
    "code in the header": ("embeddings", npy_header("<f8", "(__import__('os').mkdir('executed'),)"), "damaged"),
    "nested header": ("embeddings", npy_header("<f8", "(" * 1500 + ")" * 1500), "'embeddings' is damaged"),
    "long header": ("embeddings", npy_header("<f8", "(3, 2)" + " " * 9000), "'embeddings' is damaged"),
    "petabytes": ("embeddings", npy_header("<f8", (10**15, 2)), r"declares shape \(10+, 2\)"),
    "gigabytes": ("embeddings", npy_header("<f8", (4 * 10**8, 2)), r"declares shape \(400000000, 2\)"),
    "overflow": ("embeddings", npy_header("<f8", (2**62, 2**62)), "declares shape"),
    "negative": ("embeddings", npy_header("<f8", (-3, 2)), "has shape"),
    "a boolean shape": ("embeddings", npy_header("<f8", "(True, 6)", bytes(48)), "has shape"),
    "too long": ("embeddings", npy_header("<f8", (3, 2), bytes(56)), "does not fit its"),
    "too short": ("embeddings", npy_header("<f8", (3, 2), bytes(40)), "does not fit its"),
    "empty member": ("embeddings", b"", "'embeddings' is damaged"),
    "no array": ("embeddings", b"hello world", "'embeddings' is damaged"),
    "complex": ("embeddings", npy(np.ones((3, 2)) + 1j), "holds complex128"),
    "text": ("embeddings", npy(np.array([["1", "2"]] * 3)), "holds <U1"),
    "dates": ("embeddings", npy(np.ones((3, 2), dtype="datetime64[s]")), "holds datetime64"),
    "records": ("embeddings", npy(np.zeros((3, 2), dtype=[("x", "f8")])), "'embeddings' is damaged"),
    "not a number": ("embeddings", npy(np.full((3, 2), np.nan)), "context 0 has the value nan in dimension 0"),
    "no dimension": ("embeddings", npy(3.0), r"has shape \(\); 2 dimension"),
    "weights without dimension": ("context_probs", npy(3.0), r"has shape \(\); 1 dimension"),
    "complex values": ("values", npy(np.full(9, 1 / 3 + 0j)), "'values' is damaged"),
    "tokens that are floats": ("tokens", npy(np.arange(9.0) % 5), "'tokens' is damaged"),
    "tokens out of range": ("tokens", npy(np.full(9, 99)), "indices must be < 5"),
    "negative tokens": ("tokens", npy(np.full(9, -1)), "indices must be >= 0"),
    "falling rows": ("row_starts", npy([0, 6, 3, 9]), "do not make next-token data"),
    "rows beyond the end": ("row_starts", npy([0, 3, 6, 2**31 - 1]), "do not make next-token data"),
    "too few rows": ("row_starts", npy([0, 9]), "do not make next-token data"),
    "V = 5.9": ("vocab_size", npy(5.9), "'vocab_size' is damaged"),
    "V = nan": ("vocab_size", npy(np.nan), "'vocab_size' is damaged"),
    "V negative": ("vocab_size", npy(-5), "do not make next-token data"),
    "V twice": ("vocab_size", npy([5, 6]), "'vocab_size' is damaged"),
    "V of text": ("vocab_size", npy("5"), "'vocab_size' is damaged"),
    "V = 10^9": ("vocab_size", npy(10**9), "p̂ is dense of shape"),
    "V = 2^40": ("vocab_size", npy(2**40), "p̂ is dense of shape"),
    "n negative": ("num_sequences", npy(-4), "num_sequences is -4"),
    "n nan": ("num_sequences", npy(np.nan), "'num_sequences' is damaged"),
    "n huge": ("num_sequences", npy(1e300), "'num_sequences' is damaged"),
    "sparse, twice": ("is_sparse", npy([True, False]), "'is_sparse' is damaged"),
    "version 2": ("version", npy(2), "field 'version' is 2; this release reads version 1"),
    "version True": ("version", npy(True), "'version' is damaged"),
    "version 1.0": ("version", npy(1.0), "'version' is damaged"),
    "a version in a million": ("version", npy(np.zeros(10**6)), "'version' is damaged"),
    "another format": ("format", npy("pictures"), "an archive, but not of next-token data"),
    "deep labels": ("vocabulary", text(b"[" * 100_000 + b"]" * 100_000), "do not make next-token data"),
    "nested labels": ("vocabulary", text(b"[" + b",".join([b"[" * 50 + b"]" * 50] * 5) + b"]"), "label 0 holds"),
    "a number for labels": ("vocabulary", text(b"5"), "vocabulary is 5; a list of labels"),
    "a table for labels": ("vocabulary", text(json.dumps(dict.fromkeys("abcde")).encode()), "a list of labels"),
    "labels without value": ("vocabulary", text(b'[null,"b","c","d","e"]'), "label 0 holds None"),
    "labels not a number": ("vocabulary", text(b"[1,NaN,3,4,5]"), "vocabulary holds NaN"),
    "labels infinite": ("vocabulary", text(b"[1,2,-Infinity,4,5]"), "vocabulary holds -Infinity"),
    "labels with fractions": ("vocabulary", text(b"[1,2,1.5,4,5]"), "label 2 holds 1.5"),
    "labels of 5000 digits": ("vocabulary", text(b"[" + b"9" * 5000 + b",2,3,4,5]"), "do not make"),
    "labels not UTF-8": ("vocabulary", text(b'["\xff",2,3,4,5]'), "do not make next-token data"),
    "labels as floats": ("vocabulary", npy(np.arange(5.0)), "'vocabulary' is damaged"),
    "too few labels": ("vocabulary", text(b"[1,2]"), "vocabulary has 2 entries for 5 tokens"),
    "a source of text": ("source", text(b'"me"'), "source is 'me'"),
    "a source without fields": ("source", text(b"{}"), "source: the field 'sha256' is missing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_fields_are_refused_by_name(name, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    field, content, message = HOSTILE[name]
    leave_out = ("vocabulary.npy",) if name.startswith("V = ") else ()
    path = write({f"{field}.npy": content}, leave_out=leave_out)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NTPDataError, match=message) as raised:
            NTPData.load(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600
    assert not (tmp_path / "executed").exists()
