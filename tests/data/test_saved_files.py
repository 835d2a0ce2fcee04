"""What a saved file holds and how large it may be, and every refusal on the way in and out, word for word."""

import json
import re
import zipfile

import numpy as np
import pytest
import scipy.sparse as sp

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import archive, storage

DATA = NTPData(
    np.random.default_rng(0).standard_normal((2, 300)),
    [0.25, 0.75],
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]],
    vocabulary=["a", 7, ("b", (3, True))],
    contexts=[("x", "y"), ("y", "x")],
    num_sequences=4,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.npz"


def rewrite(path, **changes):
    with np.load(path) as file:
        np.savez(path, **{**file, **changes})


def refusal(attempt):
    with pytest.raises(NTPDataError) as raised:
        attempt()
    return str(raised.value)


def test_the_archive_holds_the_documented_fields(path):
    DATA.save(path)
    with np.load(path, allow_pickle=False) as file:
        fields = dict(file)
    assert (fields.pop("format").item(), fields.pop("version").item()) == ("ntp-data", 1)
    assert json.loads(fields.pop("vocabulary").tobytes()) == ["a", 7, ["b", [3, True]]]
    assert fields.pop("contexts").tobytes() == b'[["x","y"],["y","x"]]', "without spaces"
    assert (fields.pop("embeddings") == DATA.embeddings).all()
    assert {name: array.tolist() for name, array in fields.items()} == {
        "context_probs": [0.25, 0.75],
        "values": [0.5, 0.5, 1.0],
        "tokens": [0, 1, 2],
        "row_starts": [0, 2, 3],
        "vocab_size": 3,
        "is_sparse": False,
        "num_sequences": 4,
    }


def test_what_is_random_or_large_is_stored_and_the_rest_compressed(path, monkeypatch):
    monkeypatch.setattr(storage, "MAX_COMPRESSED", 24)
    NTPData(np.eye(4), np.full(4, 0.25), np.eye(4)).save(path)
    with zipfile.ZipFile(path) as file:
        kinds = {info.filename.removesuffix(".npy"): info.compress_type for info in file.infolist()}
    stored = {name for name, kind in kinds.items() if kind == zipfile.ZIP_STORED}
    # Four doubles take 32 bytes, four or five short integers 16 or 20, a text of eight letters 32.
    assert stored == {"embeddings", "context_probs", "values", "format"}
    assert {kinds[name] for name in kinds.keys() - stored} == {zipfile.ZIP_DEFLATED}


def test_a_field_as_large_as_may_be_compressed_is(path, monkeypatch):
    monkeypatch.setattr(storage, "MAX_COMPRESSED", DATA.context_probs.nbytes)
    DATA.save(path)
    with zipfile.ZipFile(path) as file:
        assert file.getinfo("context_probs.npy").compress_type == zipfile.ZIP_DEFLATED
        assert file.getinfo("values.npy").compress_type == zipfile.ZIP_STORED


def test_fields_may_be_longer_than_a_plain_archive_allows(path, monkeypatch):
    """Scaled down: beyond 2 GiB a member needs the 64-bit form, which has to be asked for before it is written."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2**10)
    DATA.save(path)
    assert np.array_equal(NTPData.load(path).embeddings, DATA.embeddings)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent/data.npz", "No such file or directory"),
        ("data.npz/more", "Not a directory"),
        ("a\0b", "embedded null"),  # byte, or since Python 3.13 character
        ("n" * 300, "File name too long"),
    ],
)
def test_paths_that_cannot_be_written_say_why(tmp_path, name, reason):
    (tmp_path / "data.npz").write_bytes(b"")
    path = tmp_path / name
    head, _, found = refusal(lambda: DATA.save(path)).partition(f"{path}: cannot be written (")
    assert not head
    assert reason in found
    assert [file.name for file in tmp_path.iterdir()] == ["data.npz"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (1.5, "1.5 (float)"),
        (("a", None), "None (NoneType)"),
        (["x" * 99], "['" + "x" * 58 + " (list)"),
        (np.float64(2), "np.float64(2.0) (float64)"),
    ],
)
def test_labels_of_other_kinds_are_named(path, label, words):
    data = NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", label])
    assert refusal(lambda: data.save(path)) == (
        f"vocabulary: label 1 is {words}; only str, int and tuples of these are stored"
    )
    contexts = NTPData([[1.0]], [1.0], [[0.5, 0.5]], contexts=[label])
    assert refusal(lambda: contexts.save(path)).startswith(f"contexts: label 0 is {words};")


def test_integers_too_long_for_text_are_refused(path):
    data = NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", 10**5000])
    assert re.match(
        r"labels cannot be stored: Exceeds the limit \(4300 digits\)", refusal(lambda: data.save(path))
    )


@pytest.mark.parametrize(
    ("label", "kind"), [(np.int64(5), int), (np.str_("b"), str), (True, bool), (10**30, int), ("", str)]
)
def test_labels_become_plain_values(path, label, kind):
    NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", label]).save(path)
    again = NTPData.load(path).vocabulary[1]
    assert (again, type(again)) == (label, kind)


def test_a_dense_array_of_zeros_beyond_the_limit_is_refused(path, monkeypatch):
    monkeypatch.setattr(storage, "MAX_DENSE_ENTRIES", 10)
    monkeypatch.setattr(storage, "MAX_DENSE_RATIO", 6)
    sparse_rows = np.zeros((1, 13))
    sparse_rows[0, :2] = 0.5
    NTPData([[1.0]], [1.0], sparse_rows[:, :12]).save(path)
    assert NTPData.load(path).vocab_size == 12, "six times as many entries as probabilities"
    message = (
        "p̂ is dense of shape (1, 13), 104 bytes for 2 probabilities; give next_token_probs as a scipy.sparse array"
    )
    data = NTPData([[1.0]], [1.0], sparse_rows)
    assert refusal(lambda: data.save(path)) == message
    NTPData([[1.0]], [1.0], sp.csr_array(sparse_rows)).save(path)
    assert NTPData.load(path).is_sparse
    rewrite(path, is_sparse=np.array(False))
    assert refusal(lambda: NTPData.load(path)) == f"{path}: the fields do not make next-token data: {message}"


@pytest.mark.parametrize("character", [",", "[", "{"])
def test_text_of_more_parts_than_the_file_has_bytes_is_refused(path, character, monkeypatch):
    DATA.save(path)
    rewrite(path, vocabulary=np.frombuffer(character.encode() * 9000, dtype=np.uint8))
    size = path.stat().st_size
    monkeypatch.setattr(storage, "MAX_PARTS", 8999 - size)
    assert refusal(lambda: NTPData.load(path)) == (
        f"{path}: the fields do not make next-token data: vocabulary has 9,000 parts, more than a file of "
        f"{size:,} bytes has room for"
    )
    monkeypatch.setattr(storage, "MAX_PARTS", 9000 - size)
    assert "has 9,000 parts" not in refusal(lambda: NTPData.load(path)), (
        "as many parts as bytes are looked at, and no JSON"
    )


def test_fields_may_unpack_to_a_multiple_of_the_file(path, monkeypatch):
    DATA.save(path)
    size = path.stat().st_size
    with zipfile.ZipFile(path) as file:
        unpacked = sum(info.file_size for info in file.infolist())
    monkeypatch.setattr(archive, "MAX_RATIO", 1)
    monkeypatch.setattr(archive, "MAX_UNPACKED", unpacked - size)
    NTPData.load(path)
    monkeypatch.setattr(archive, "MAX_UNPACKED", unpacked - size - 1)
    assert refusal(lambda: NTPData.load(path)) == (
        f"{path}: its fields would take {unpacked:,} bytes, far more than its {size:,} bytes on disk hold"
    )


@pytest.mark.parametrize("chunk", [1, 7, 2**20])
def test_fields_are_read_in_pieces_of_any_size(path, chunk, monkeypatch):
    monkeypatch.setattr(archive, "CHUNK", chunk)
    DATA.save(path)
    again = NTPData.load(path)
    assert np.array_equal(again.embeddings, DATA.embeddings)
    assert again.vocabulary == DATA.vocabulary


DAMAGED = {
    "kind": (
        {"values": np.ones(3, dtype=int)},
        "values",
        "damaged (holds int64, not numbers or text of the kind needed)",
    ),
    "dimensions": ({"values": np.ones((3, 1))}, "values", "damaged (has shape (3, 1); 1 dimension(s) are needed)"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_fields_say_what_is_wrong(path, name):
    changes, field, words = DAMAGED[name]
    DATA.save(path)
    rewrite(path, **changes)
    assert refusal(lambda: NTPData.load(path)) == f"{path}: the field {field!r} is {words}"


def test_other_files_are_told_apart(path, tmp_path):
    path.write_bytes(b"x")
    assert refusal(lambda: NTPData.load(path)) == (
        f"{path}: not an archive (.npz) of next-token data, or cut short"
    )
    assert refusal(lambda: NTPData.load(tmp_path)) == (
        f"{tmp_path}: no such file; it is a folder or a device, not an archive (.npz)"
    )
    assert refusal(lambda: NTPData.load(tmp_path / "x")) == f"{tmp_path / 'x'}: no such file"
    assert refusal(lambda: NTPData.load("a\0b")) == "'a\\x00b': no path of a file"
    np.savez(path, format=np.array("pictures"), version=np.array(1))
    assert refusal(lambda: NTPData.load(path)) == (
        f"{path}: an archive, but not of next-token data (field 'format' is not 'ntp-data')"
    )
