"""Text files: what is read, what is refused and where, and that pieces do not matter."""

import codecs
import hashlib
import io
import unicodedata
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import text_file as module
from ntp_lib.data.encoding import encode
from ntp_lib.data.text import cut_text, data_from_text_file, encode_text_file, read_text, tokenize

from_tokens = NTPData.from_tokens

# Letters, accents that compose with letters and with a symbol, joiners, invisible characters, separators.
ALPHABET = "ab_é漢😀İΣक ्ि\u0301\u0338=\u200d\u00ad한\u1112\u1161 .,\n\t-"


def test_reading_returns_the_text_without_its_byte_order_mark(file):
    assert read_text(file("Grüße,\r\nWelt\n")) == "Grüße,\r\nWelt\n"
    assert read_text(file(b"\xef\xbb\xbfabc")) == "abc"


@given(st.text(alphabet=ALPHABET, min_size=1, max_size=80), st.integers(1, 9), st.booleans())
def test_pieces_of_any_size_give_the_same_tokens(tmp_path_factory, content, size, lowercase):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_bytes(content.encode("utf-8"))
    tokens = tokenize(content, lowercase=lowercase)
    left_out = cut_text(path).left_out if tokens else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", size)
        if not tokens:
            with pytest.raises(NTPDataError):
                encode_text_file(path)
            return
        found = encode_text_file(path, lowercase=lowercase)
        assert read_text(path) == content
        assert cut_text(path).left_out == left_out
    expected = encode(tokens)
    assert found.names == expected.names
    assert np.array_equal(found.codes, expected.codes)


def test_data_from_a_file_are_the_data_of_its_tokens(file):
    content = "The cat sat. The dog sat on the cat, the cat sat on the mat."
    options = {"context_length": 1, "dim": 3, "seed": 2, "embedding": "composed", "vocab_size": 5}
    found = data_from_text_file(file(content), lowercase=True, **options)
    expected = from_tokens(tokenize(content.lower()), **options)
    assert found.vocabulary == expected.vocabulary
    assert found.contexts == expected.contexts
    assert np.array_equal(found.embeddings, expected.embeddings)
    assert np.array_equal(found.next_token_probs, expected.next_token_probs)


BAD = [
    (b"", "the file is empty"),
    (b" \n\t\r\n ", "only white space"),
    (b"\xef\xbb\xbf", "only white space"),
    (b"abc\0def", "byte 3 is NUL, so the file is binary"),
    (b"\x89PNG\r\n\x1a\n\0\0", "is NUL"),
    ("abc".encode("utf-16-le"), "byte 1 is NUL, so the file is binary, or UTF-16 without a byte order mark"),
    ("abc\0".encode("utf-16"), "holds the character NUL"),
    ("ab".encode("utf-16") + b"c", r"byte 6 \(0x63\) is not UTF-16 \(truncated data\)"),
    (b"\xff\xfea\0\0\xdc", r"byte 4 \(0x00\) is not UTF-16"),
    (b"\xff\xfe\0\0a\0", r"byte 4 \(0x61\) is not UTF-32"),
    ("".encode("utf-16"), "only white space"),
    (b"abc \xff def", r"byte 4 \(0xff\) is not UTF-8"),
    ("naïve".encode("latin-1"), r"byte 2 \(0xef\) is not UTF-8"),
    (b"abc \xe2\x82", r"byte 4 \(0xe2\) is not UTF-8 \(unexpected end of data\)"),
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 2**20])
@pytest.mark.parametrize(("content", "message"), BAD)
def test_files_without_text_are_refused(file, monkeypatch, content, message, chunk):
    if chunk < 9 and content.startswith(b"\x89"):
        message = "byte 0"  # the first bad byte comes to light before the NUL
    monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    path = file(content)
    for reader in (read_text, encode_text_file, data_from_text_file):
        with pytest.raises(NTPDataError, match=message) as caught:
            reader(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_the_place_of_a_bad_byte_counts_from_the_start_of_the_file(file):
    with pytest.raises(NTPDataError, match=r"byte 2500000 \(0xff\)"):
        read_text(file(b"x " * 1_250_000 + b"\xff"))


def test_symbols_alone_are_no_tokens(file):
    with pytest.raises(NTPDataError, match="holds no word and none of the punctuation marks"):
        encode_text_file(file("@@ ## --"))


def test_a_text_shorter_than_a_context_names_the_file(file):
    path = file("a b c")
    assert data_from_text_file(path, context_length=2).num_sequences == 1
    with pytest.raises(NTPDataError, match=r"text\.txt: tokens has length 3, shorter than one context"):
        data_from_text_file(path, context_length=3)


def test_options_are_refused_before_the_file_is_read(tmp_path):
    with pytest.raises(NTPDataError, match="context_length is 0"):
        data_from_text_file(tmp_path / "absent.txt", context_length=0)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(NTPDataError, match=r"absent\.txt: no such file"):
        read_text(tmp_path / "absent.txt")
    with pytest.raises(NTPDataError, match="is a directory"):
        read_text(tmp_path)


def test_long_words_across_many_pieces_stay_whole(file, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 10)
    assert encode_text_file(file("a " + "x" * 1000 + " b")).names == ("a", "x" * 1000, "b")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(file, encoding):
    content = "Grüße, 世界 😀\r\n"
    cut = cut_text(file(content.encode(encoding)))
    assert read_text(file(content.encode(encoding))) == content
    assert cut.encoding == encoding.removesuffix("-sig").upper()
    assert cut.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert cut.encoded.names == ("Grüße", ",", "世界")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE])
def test_either_order_of_bytes_is_read(file, mark):
    encoding = "utf-16-be" if len(mark) == 2 else "utf-32-be"
    assert read_text(file(mark + "añb".encode(encoding))) == "añb"


def test_data_say_which_text_they_are_from(file):
    content = "the cat sat on the mat, the cat's dog 😀"
    options = {"context_length": 1, "dim": 3, "seed": 2, "embedding": "composed", "vocab_size": 5}
    source = data_from_text_file(file(content), lowercase=True, unit="character", **options).source
    assert {name: getattr(source, name) for name in options} == options
    assert source.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert (source.unit, source.lowercase, source.left_out) == ("character", True, 2)
    assert source.unicode_version == unicodedata.unidata_version
    assert source.library_version == version("ntp-lib")


def test_no_result_depends_on_the_source(file):
    content = "the cat sat on the mat the cat ran"
    named, plain = data_from_text_file(file(content), dim=3), from_tokens(content.split(), dim=3)
    assert plain.source is None
    assert np.array_equal(named.embeddings, plain.embeddings)
    assert np.array_equal(named.next_token_probs, plain.next_token_probs)
    assert (named.contexts, named.vocabulary) == (plain.contexts, plain.vocabulary)


def test_a_text_without_spaces_is_told_what_to_do(file):
    path = file("今日は天気がいいから散歩しましょう")
    with pytest.raises(
        NTPDataError, match=r"tokens has length 1, .* \(--unit character\) makes every letter a token"
    ):
        data_from_text_file(path)
    assert data_from_text_file(path, unit="character").num_sequences == 15
    with pytest.raises(NTPDataError, match=r"at least 4 tokens are needed$"):
        data_from_text_file(file("a b c"), context_length=3)


@pytest.mark.parametrize("path", ["a\0b", "n" * 300])
def test_paths_that_cannot_be_opened_are_named(path):
    with pytest.raises(NTPDataError, match="cannot be read"):
        read_text(path)


def test_a_file_one_may_not_read_is_named(file, monkeypatch):
    path = file("a b c")

    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NTPDataError, match=r"text\.txt: cannot be read \(Permission denied\)"):
        read_text(path)


def test_a_stream_is_called_standard_input():
    assert cut_text(io.BytesIO(b"a b c")).encoded.names == ("a", "b", "c")
    with pytest.raises(NTPDataError, match="standard input: the file is empty"):
        cut_text(io.BytesIO(b""))


def test_progress_goes_to_stderr(file, capsys):
    read_text(file("some text"), progress=True)
    assert capsys.readouterr().out == ""
