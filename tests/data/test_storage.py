"""Saving and loading: exact, complete or absent, and every damage named."""

import zipfile

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import storage
from ntp_lib.data.source import Source
from ntp_lib.data.text import data_from_text_file

labels = st.text(max_size=5) | st.integers() | st.tuples(st.text(max_size=3), st.integers())


@st.composite
def problems(draw):
    m, V = draw(st.integers(1, 5)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probs = rng.random((m, V)) * (rng.random((m, V)) < 0.6)
    probs[:, 0] += 0.1
    weights = rng.random(m) + 0.1
    probs /= probs.sum(axis=1, keepdims=True)
    return NTPData(
        rng.standard_normal((m, draw(st.integers(1, 4)))),
        weights / weights.sum(),
        sp.csr_array(probs) if draw(st.booleans()) else probs,
        vocabulary=draw(st.none() | st.lists(labels, min_size=V, max_size=V)),
        contexts=draw(st.none() | st.lists(labels, min_size=m, max_size=m)),
        num_sequences=draw(st.none() | st.integers(m, 10**12)),
    )


def assert_equal(a, b):
    for name in ("embeddings", "context_probs"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    for name in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(a.probs, name), getattr(b.probs, name)), name
    for name in ("is_sparse", "vocab_size", "vocabulary", "contexts", "num_sequences"):
        assert getattr(a, name) == getattr(b, name), name


@given(problems())
def test_the_round_trip_is_exact(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("storage") / "data.npz"
    data.save(path)
    assert_equal(NTPData.load(path), data)


def test_the_source_comes_back_and_may_be_absent(tmp_path, data):
    (tmp_path / "text.txt").write_text("the cat sat on the mat")
    named = data_from_text_file(tmp_path / "text.txt", dim=2)
    named.save(tmp_path / "named.npz")
    assert NTPData.load(tmp_path / "named.npz").source == named.source is not None
    data.save(tmp_path / "data.npz")
    assert NTPData.load(tmp_path / "data.npz").source is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": "0"}, "source: seed is '0'; it must be int"),
        ({"seed": True}, "source: seed is True; it must be int"),
        ({"vocab_size": 1.5}, r"source: vocab_size is 1\.5; it must be int \| None"),
        ({"colour": 1}, "source: the field 'colour' is unknown"),
    ],
)
def test_a_source_that_is_none_names_the_field(tmp_path, changes, message):
    (tmp_path / "text.txt").write_text("the cat sat on the mat")
    values = data_from_text_file(tmp_path / "text.txt", dim=2).source.as_dict()
    assert Source.from_dict(values).as_dict() == values
    with pytest.raises(NTPDataError, match=message):
        Source.from_dict({**values, **changes})


def test_labels_nested_too_deep_or_too_long_are_not_stored(tmp_path):
    deep = "a"
    for _ in range(9):
        deep = (deep,)
    for label, message in ((deep, "vocabulary: label 1 is"), (10**5000, "labels cannot be stored")):
        with pytest.raises(NTPDataError, match=message):
            NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", label]).save(tmp_path / "data.npz")
    NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", deep[0]]).save(tmp_path / "data.npz")
    assert NTPData.load(tmp_path / "data.npz").vocabulary == ("a", deep[0])


@pytest.fixture
def data():
    return NTPData.from_tokens(
        ["the", "cat", "sat", "on", "the", "mat", ".", "the", "cat", "sat"], dim=3, vocab_size=4
    )


@pytest.fixture
def saved(data, tmp_path):
    path = tmp_path / "data.npz"
    data.save(path)
    return path


def rewrite(path, **changes):
    """Write the archive anew with some fields replaced, or left out where the value is None."""
    with np.load(path, allow_pickle=True) as archive:
        fields = {**archive, **changes}
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})


def test_rewriting_alone_does_no_harm(saved, data):
    rewrite(saved)
    assert_equal(NTPData.load(saved), data)


def test_the_comparison_sees_a_changed_bit(saved, data):
    rewrite(saved, context_probs=data.context_probs[::-1].copy())
    with pytest.raises(AssertionError, match="context_probs"):
        assert_equal(NTPData.load(saved), data)


def test_what_was_loaded_cannot_be_written_to(saved):
    loaded = NTPData.load(saved)
    for array in (loaded.embeddings, loaded.context_probs, loaded.next_token_probs, loaded.probs.data):
        assert not array.flags.writeable


def test_labels_of_every_kind_come_back(saved, data):
    loaded = NTPData.load(str(saved))
    assert loaded.vocabulary == data.vocabulary
    assert loaded.vocabulary[-1] == "<other>"
    assert loaded.contexts == data.contexts
    assert all(isinstance(context, tuple) for context in loaded.contexts)


@pytest.mark.parametrize("label", [1.5, None, ["a"], ("a", 1.5)])
def test_labels_that_cannot_be_stored_are_named(tmp_path, label):
    data = NTPData([[1.0]], [1.0], [[0.5, 0.5]], vocabulary=["a", label])
    with pytest.raises(NTPDataError, match="vocabulary: label 1 is"):
        data.save(tmp_path / "data.npz")
    assert list(tmp_path.iterdir()) == []


def test_no_pickle_is_written(saved):
    with np.load(saved, allow_pickle=False) as archive:
        assert {array.dtype.kind for array in archive.values()} <= set("fiubU")


def test_saving_replaces_and_leaves_nothing_else(saved, data):
    data.save(saved)
    assert [path.name for path in saved.parent.iterdir()] == ["data.npz"]


def test_a_save_that_breaks_leaves_the_old_file(saved, data, monkeypatch):
    before = saved.read_bytes()

    def breaks(arrays, path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "_write", breaks)
    with pytest.raises(KeyboardInterrupt):
        data.save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["data.npz"]


def test_a_missing_folder_is_named(data, tmp_path):
    with pytest.raises(NTPDataError, match=r"absent/data\.npz: cannot be written"):
        data.save(tmp_path / "absent" / "data.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NTPDataError, match=r"absent\.npz: no such file"):
        NTPData.load(tmp_path / "absent.npz")


@pytest.mark.parametrize("content", [b"", b"some text", b"\x93NUMPY"])
def test_files_that_are_no_archive_are_refused(tmp_path, content):
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(NTPDataError, match=r"data\.npz: not an archive"):
        NTPData.load(path)


def test_a_file_cut_short_is_refused(saved):
    saved.write_bytes(saved.read_bytes()[:-50])
    with pytest.raises(NTPDataError, match=r"data\.npz: not an archive"):
        NTPData.load(saved)


@pytest.mark.parametrize("name", ["embeddings", "context_probs", "values", "vocabulary"])
def test_a_flipped_bit_names_the_field(saved, name):
    with zipfile.ZipFile(saved) as archive:
        info = archive.getinfo(f"{name}.npy")
    content = bytearray(saved.read_bytes())
    # 30 bytes of local header, the name, the extra field; the last bytes of the member are numbers or text.
    start = info.header_offset + 30 + content[info.header_offset + 26] + content[info.header_offset + 28]
    content[start + info.compress_size - 3] ^= 1
    saved.write_bytes(content)
    with pytest.raises(NTPDataError, match=rf"data\.npz: the field '{name}' is damaged"):
        NTPData.load(saved)


@pytest.mark.parametrize("name", ["embeddings", "context_probs", "values", "tokens", "row_starts", "vocab_size"])
def test_a_missing_field_is_named(saved, name):
    rewrite(saved, **{name: None})
    with pytest.raises(NTPDataError, match=rf"data\.npz: the field '{name}' is missing"):
        NTPData.load(saved)


def test_another_version_is_named(saved):
    rewrite(saved, version=np.array(99))
    with pytest.raises(NTPDataError, match="field 'version' is 99; this release reads version 1"):
        NTPData.load(saved)


@pytest.mark.parametrize("changes", [{"format": None}, {"version": None}, {"format": np.array("pictures")}])
def test_other_archives_are_refused(saved, changes):
    rewrite(saved, **changes)
    with pytest.raises(NTPDataError, match="an archive, but not of next-token data"):
        NTPData.load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings": np.array([["a", object()]])}, "field 'embeddings' is damaged"),
        ({"embeddings": np.zeros((2, 3))}, "context_probs has"),
        ({"context_probs": np.zeros(3)}, "data.npz: the fields do not make"),
        ({"tokens": np.full(8, 99, dtype=np.int32)}, "data.npz: the fields do not make"),
        ({"vocabulary": np.frombuffer(b"[1,", dtype=np.uint8)}, "data.npz: the fields do not make"),
        ({"vocabulary": np.frombuffer(b"7", dtype=np.uint8)}, "data.npz: the fields do not make"),
    ],
)
def test_fields_that_do_not_fit_are_refused(saved, changes, message):
    rewrite(saved, **changes)
    with pytest.raises(NTPDataError, match=message):
        NTPData.load(saved)
