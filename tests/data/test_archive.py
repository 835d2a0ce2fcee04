"""Archives that somebody else made: read or refused as a whole, in bounded memory."""

import os
import subprocess
import sys
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from ntp_lib import NTPData, NTPDataError, synthetic
from ntp_lib.data import archive as module
from ntp_lib.data import storage

from .archive_members import npy, npy_header, text


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
