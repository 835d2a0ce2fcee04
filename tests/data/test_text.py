"""Text files: what a token is, what is refused and where, and that pieces do not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPDataError
from ntp_lib.data import text as module
from ntp_lib.data.encoding import encode
from ntp_lib.data.text import data_from_text_file, encode_text_file, read_text, tokenize
from ntp_lib.data.tokens import data_from_tokens


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "text.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


def test_tokens_are_words_and_single_marks():
    assert tokenize("Don't panic: (42!), naïve_x?...") == [
        "Don", "t", "panic", ":", "(", "42", "!", ")", ",", "naïve_x", "?", ".", ".", ".",
    ]  # fmt: skip
    assert tokenize(" \n@#") == []


def test_case_is_kept_unless_asked():
    assert tokenize("The THE the") == ["The", "THE", "the"]
    assert tokenize("The THE the", lowercase=True) == ["the", "the", "the"]


def test_reading_returns_the_text_without_its_byte_order_mark(file):
    assert read_text(file("Grüße,\r\nWelt\n")) == "Grüße,\r\nWelt\n"
    assert read_text(file(b"\xef\xbb\xbfabc")) == "abc"


@given(st.text(alphabet="ab_é漢😀İΣ .,\n\t-", min_size=1, max_size=80), st.integers(1, 9), st.booleans())
def test_pieces_of_any_size_give_the_same_tokens(tmp_path_factory, content, size, lowercase):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_bytes(content.encode("utf-8"))
    tokens = tokenize(content, lowercase=lowercase)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", size)
        if not tokens:
            with pytest.raises(NTPDataError):
                encode_text_file(path)
            return
        found = encode_text_file(path, lowercase=lowercase)
        assert read_text(path) == content
    expected = encode(tokens)
    assert found.names == expected.names
    assert np.array_equal(found.codes, expected.codes)


def test_data_from_a_file_are_the_data_of_its_tokens(file):
    content = "The cat sat. The dog sat on the cat, the cat sat on the mat."
    options = {"context_length": 1, "dim": 3, "seed": 2, "embedding": "composed", "vocab_size": 5}
    found = data_from_text_file(file(content), lowercase=True, **options)
    expected = data_from_tokens(tokenize(content.lower()), **options)
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
    ("abc".encode("utf-16"), "is NUL"),
    (b"abc \xff def", r"byte 4 \(0xff\) is not UTF-8"),
    ("naïve".encode("latin-1"), r"byte 2 \(0xef\) is not UTF-8"),
    (b"abc \xe2\x82", r"byte 4 \(0xe2\) is not UTF-8 \(unexpected end of data\)"),
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 2**20])
@pytest.mark.parametrize(("content", "message"), BAD)
def test_files_without_text_are_refused(file, monkeypatch, content, message, chunk):
    if chunk < 9 and content.startswith(b"\x89"):
        message = "byte 0"  # the first bad byte comes to light before the NUL
    if chunk < 9 and content.startswith(b"\xff\xfe"):
        message = "byte 0"
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


def test_progress_goes_to_stderr(file, capsys):
    read_text(file("some text"), progress=True)
    assert capsys.readouterr().out == ""
