"""Archives that somebody else made: refused by name, in bounded memory, without running what is in them."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import warnings
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from ntp_lib import NTPData, NTPDataError, synthetic
from ntp_lib.data import archive as module
from ntp_lib.data import storage


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The members of a sound archive, by file name."""
    path = tmp_path_factory.mktemp("sound") / "data.npz"
    synthetic.toy_2d().save(path)
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def write(members, tmp_path):
    def write(changes, compression=zipfile.ZIP_DEFLATED, leave_out=()):
        path = tmp_path / "data.npz"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in {**members, **changes}.items():
                if name not in leave_out:
                    archive.writestr(name, content)
        return path

    return write


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), **options)
    return file.getvalue()


def npy_header(dtype, shape, content=b""):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def text(content):
    return npy(np.frombuffer(content, dtype=np.uint8))


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


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_the_unchanged_members_load(write, compression):
    loaded = NTPData.load(write({"../stranger.npy": b"x"}, compression))
    assert np.array_equal(loaded.embeddings, synthetic.toy_2d().embeddings)
    assert loaded.source is None


def test_arrays_in_fortran_order_load(write):
    rows = synthetic.toy_2d().embeddings
    assert np.array_equal(NTPData.load(write({"embeddings.npy": npy(np.asfortranarray(rows))})).embeddings, rows)


@pytest.mark.parametrize("field", ["format", "embeddings", "vocabulary"])
def test_a_doubled_field_is_refused(write, members, field):
    path = write({})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(f"{field}.npy", members[f"{field}.npy"])
    with pytest.raises(NTPDataError, match=f"the field '{field}' is there twice"):
        NTPData.load(path)


def test_an_encrypted_archive_is_refused(write):
    path = write({})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.find(mark)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(mark, place + 4)
    path.write_bytes(content)
    with pytest.raises(NTPDataError, match="the field 'format' is encrypted"):
        NTPData.load(path)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bits_are_refused_or_harmless(write, seed):
    path = write({})
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 6):
        content[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    with suppress(NTPDataError):
        loaded = NTPData.load(path)
        # What was hit says nothing about the data: a date, a comment.
        assert np.array_equal(loaded.embeddings, synthetic.toy_2d().embeddings)


def test_paths_that_are_no_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in {
        tmp_path: "no such file; it is a folder or a device",
        tmp_path / "pipe": "no such file; it is a folder or a device",
        "/dev/zero": "no such file; it is a folder or a device",
        "a\0b": "no path of a file",
        "a" * 300: "cannot be read \\(File name too long\\)",
        tmp_path / "data.npz" / "x": "no such file",
    }.items():
        with pytest.raises(NTPDataError, match=message):
            NTPData.load(path)


BOMB = """
import resource, sys, zipfile
from ntp_lib import NTPData, NTPDataError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try: NTPData.load(sys.argv[1])
except NTPDataError as error: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def memory_to_refuse(path):
    """Kilobytes by which the refusal of an archive raised the peak of the process, and the message."""
    result = subprocess.run([sys.executable, "-c", BOMB, path], check=True, capture_output=True, text=True)
    kilobytes, message = result.stdout.split(maxsplit=1)
    return int(kilobytes), message


def test_a_bomb_is_refused_before_it_is_unpacked(write, members):
    path = write({}, leave_out=("embeddings.npy",))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("embeddings.npy", "w", force_zip64=True) as file,
    ):
        file.write(npy_header("<f8", (3, 20_000_000)))
        for _ in range(480):
            file.write(bytes(10**6))
    kilobytes, message = memory_to_refuse(path)
    assert "its fields would take 480," in message
    assert kilobytes < 50_000, "the table of contents alone says how large the fields are"


def test_labels_that_would_become_many_objects_are_refused(write):
    path = write({"vocabulary.npy": text(b"[" + b"[]," * 2**23 + b"[]]")})
    with pytest.raises(NTPDataError, match=r"vocabulary has 16,777,218 parts, more than a file of [\d,]+ bytes"):
        NTPData.load(path)


def test_what_is_saved_stays_below_the_limits_of_loading(tmp_path, monkeypatch):
    """Scaled down: a thousand equal probabilities compress well, and would be refused if they were compressed."""
    monkeypatch.setattr(module, "MAX_UNPACKED", 2**12)
    monkeypatch.setattr(module, "MAX_RATIO", 1)
    monkeypatch.setattr(storage, "MAX_COMPRESSED", 2**9)
    data = NTPData([[1.0]], [1.0], np.full((1, 1000), 1e-3))
    data.save(tmp_path / "data.npz")
    assert NTPData.load(tmp_path / "data.npz").vocab_size == 1000
    monkeypatch.setattr(storage, "MAX_COMPRESSED", 2**25)
    data.save(tmp_path / "data.npz")
    with pytest.raises(NTPDataError, match="its fields would take"):
        NTPData.load(tmp_path / "data.npz")


def test_dense_data_that_could_not_be_loaded_are_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "MAX_DENSE_ENTRIES", 1000)
    probs = np.zeros((1, 2001))
    probs[0, :2] = 0.5
    with pytest.raises(NTPDataError, match=r"scipy\.sparse"):
        NTPData([[1.0]], [1.0], probs).save(tmp_path / "data.npz")
    assert list(tmp_path.iterdir()) == []
    NTPData([[1.0]], [1.0], probs[:, :2000]).save(tmp_path / "data.npz")
    assert NTPData.load(tmp_path / "data.npz").vocab_size == 2000
