"""What readers of texts do by default, and every refusal of a text, word for word."""

import io
from pathlib import Path

import numpy as np
import pytest

from ntp_lib import NTPData, NTPDataError
from ntp_lib.data import text_file
from ntp_lib.data.encoding import encode
from ntp_lib.data.text import cut_text, data_from_text_file, encode_text_file, read_text, tokenize

TEXT = "The cat sat on the mat. The cat ran; the dog, too!"
DOCUMENTED = {"context_length": 2, "dim": 64, "seed": 0, "embedding": "independent", "vocab_size": None}


def assert_same(a, b):
    assert np.array_equal(a.embeddings, b.embeddings)
    assert (a.vocabulary, a.contexts, a.num_sequences) == (b.vocabulary, b.contexts, b.num_sequences)
    assert np.array_equal(a.next_token_probs, b.next_token_probs)


def test_the_defaults_of_counting_are_the_documented_ones(file):
    expected = NTPData.from_tokens(tokenize(TEXT), **DOCUMENTED)
    assert (expected.dim, len(expected.contexts[0])) == (64, 2)
    assert_same(NTPData.from_tokens(tokenize(TEXT)), expected)
    assert_same(NTPData.from_tokens(tokenize(TEXT)), expected)
    assert_same(data_from_text_file(file(TEXT)), expected)
    source = data_from_text_file(file(TEXT)).source
    assert {name: getattr(source, name) for name in DOCUMENTED} == DOCUMENTED
    assert (source.unit, source.lowercase) == ("word", False)


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("unit", ["word", "character"])
def test_readers_pass_every_option_on(file, unit, lowercase):
    path, options = file(TEXT), {"unit": unit, "lowercase": lowercase}
    tokens = tokenize(TEXT, **options)
    for found in (encode_text_file(path, **options), cut_text(path, **options).encoded):
        assert found.names == encode(tokens).names
        assert np.array_equal(found.codes, encode(tokens).codes)
    cut = cut_text(path, **options)
    assert (cut.unit, cut.lowercase, cut.name) == (unit, lowercase, str(path))
    assert encode_text_file(path).names == cut_text(path).encoded.names == encode(tokenize(TEXT)).names
    assert (cut_text(path).unit, cut_text(path).lowercase) == ("word", False)
    assert_same(data_from_text_file(str(path), dim=3, **options), NTPData.from_tokens(tokens, dim=3))


BAD = [
    (b"", "the file is empty; a text is needed"),
    (b" \n", "the file holds only white space; a text is needed"),
    (
        b"abc\0def",
        "byte 3 is NUL, so the file is binary, or UTF-16 without a byte order mark; UTF-8 text is needed",
    ),
    ("abc\0".encode("utf-16"), "holds the character NUL, so the file is binary; text is needed"),
    (b"abc \xff def", "byte 4 (0xff) is not UTF-8 (invalid start byte); convert the file to UTF-8 first"),
    (b"@@ ## --", "holds no word and none of the punctuation marks . , ; : ! ? ( )"),
    (
        b"a b",
        "tokens has length 2, shorter than one context of context_length = 2 and its next token; at least 3 "
        "tokens are needed",
    ),
    (b"abcd abcd abcd abcd", "tokens holds one distinct token, 'abcd'; at least 2 are needed (V ≥ 2)" + "{hint}"),
    ("今日は天気".encode(), "tokens has length 1, shorter than one context of context_length = 2 and its next "
     "token; at least 3 tokens are needed{hint}"),
]  # fmt: skip
HINT = (
    ". Words end at white space and punctuation; for a script that is written without spaces, unit='character' "
    "(--unit character) makes every letter a token"
)


@pytest.mark.parametrize(("content", "message"), BAD)
def test_refusals_name_the_file_and_the_fault(file, content, message):
    path = file(content)
    with pytest.raises(NTPDataError) as raised:
        data_from_text_file(path)
    assert str(raised.value) == f"{path}: {message.replace('{hint}', HINT)}"


@pytest.mark.parametrize(("content", "hinted"), [("abc", False), ("abcd", True), ("ab c", False), ("abc d", True)])
def test_letters_are_offered_where_there_are_enough_of_them(file, content, hinted):
    """Contexts of two letters and one more: three letters would do for one, four for two."""
    with pytest.raises(NTPDataError) as raised:
        data_from_text_file(file(content))
    assert str(raised.value).endswith(HINT) == hinted
    with pytest.raises(NTPDataError) as raised:
        data_from_text_file(file(content), unit="character", context_length=9)
    assert not str(raised.value).endswith(HINT)


def test_other_faults_are_not_blamed_on_the_script(file):
    with pytest.raises(NTPDataError, match=r"more memory than there is$"):
        data_from_text_file(file("abc def ghi jkl abc"), dim=2**50)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("absent.txt", "absent.txt: no such file"),
        (".", ".: is a directory; a text file is needed"),
        ("n" * 300, "n" * 300 + ": cannot be read (File name too long)"),
        ("a\0b", r"'a\x00b': cannot be read (embedded null byte)"),
    ],
)
def test_paths_without_a_text_are_named(path, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NTPDataError) as raised:
        read_text(path)
    assert str(raised.value) == words


def test_a_unit_is_one_of_two(file):
    with pytest.raises(NTPDataError) as raised:
        cut_text(file(TEXT), unit="syllable")
    assert str(raised.value) == "unit is 'syllable'; it must be one of 'word', 'character'"


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 5, 64])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-be"])
def test_encodings_are_told_by_their_first_bytes_whatever_the_pieces(file, encoding, chunk, monkeypatch):
    monkeypatch.setattr(text_file, "CHUNK_BYTES", chunk)
    content = "\ufeff" * encoding.endswith("-be") + "né 世\ufeffé 😀"
    path = file(content.encode(encoding))
    assert read_text(path) == "né 世\ufeffé 😀", "only the first mark is none of the text"
    assert cut_text(path).encoding == encoding.removesuffix("-sig").removesuffix("-be").upper()
    assert cut_text(io.BytesIO(Path(path).read_bytes())).encoded.names == ("né", "世é")
