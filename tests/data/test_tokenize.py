"""What a token is: words, single marks or letters, of any script and in either canonical form."""

import unicodedata

import pytest

from ntp_lib import NTPDataError
from ntp_lib.data.text import cut_text, data_from_text_file, tokenize
from ntp_lib.data.tokenizer import tokenizer


def test_tokens_are_words_and_single_marks():
    assert tokenize("Don't panic: (42!), naïve_x?...") == [
        "Don", "t", "panic", ":", "(", "42", "!", ")", ",", "naïve_x", "?", ".", ".", ".",
    ]  # fmt: skip
    assert tokenize(" \n@#") == []


def test_case_is_kept_unless_asked():
    assert tokenize("The THE the") == ["The", "THE", "the"]
    assert tokenize("The THE the", lowercase=True) == ["the", "the", "the"]


def canonical_pairs():
    """Words in both of their canonical forms."""
    words = ("café", "été", "señor", "Ång", "ệ", "한국어", "क़लम", "ড়", "Ὰ")
    return [(unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)) for word in words]


@pytest.mark.parametrize(("composed", "decomposed"), canonical_pairs())
def test_canonically_equal_texts_give_equal_tokens(composed, decomposed):
    assert composed != decomposed or unicodedata.is_normalized("NFD", composed)
    assert tokenize(decomposed) == tokenize(composed) == [composed]
    assert tokenize(decomposed.upper(), lowercase=True) == tokenize(composed.upper(), lowercase=True)


@pytest.mark.parametrize(
    "text",
    [
        "किताब मेज़ पर नई",  # vowel signs, a nukta
        "தமிழ் நூல்",  # a virama at the end
        "كِتَابٌ كتـــاب",  # vowels, a tatweel
        "שָׁלוֹם",  # points
        "می‌خواهم",  # a joiner that keeps letters apart
        "ന്‍ ക്‍ഷ",  # one at the end of a word
        "สวัสดี ครับ",  # tone marks
        "naïve_x42 x² ½ Ⅷ",
        "a⃝b",  # an enclosing mark
    ],
)
def test_words_of_any_script_stay_whole(text):
    assert tokenize(text) == [unicodedata.normalize("NFC", word) for word in text.split()]


def test_a_mark_without_a_letter_makes_no_word():
    assert tokenize("a \u0301b ! \ufe0f c=\u0338d") == ["a", "b", "!", "c", "d"]


def test_invisible_characters_leave_no_trace():
    assert tokenize("co\u00adop שלום\u200f \u2067x\u2069 e\u00ad\u0301") == ["coop", "שלום", "x", "é"]
    assert tokenize("zero\u200bwidth space") == ["zero", "width", "space"]


def test_a_character_is_a_letter_with_its_marks():
    assert tokenize("今日は、天気。x!", unit="character") == [*"今日は天気x!"]
    assert tokenize("मेज़ e\u0301", unit="character") == ["मे", "ज़", "é"]


@pytest.mark.parametrize("unit", ["words", "", None, 3])
def test_other_units_are_refused(unit, file):
    for attempt in (lambda: tokenize("a", unit=unit), lambda: data_from_text_file(file("a b c"), unit=unit)):
        with pytest.raises(NTPDataError, match=r"unit is .*; it must be one of 'word', 'character'"):
            attempt()


def test_every_combining_mark_of_unicode_is_known():
    every = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code))[0] == "M"}
    part = tokenizer("word").part
    assert all(part.fullmatch(mark) for mark in every)
    assert not any(part.fullmatch(symbol) for symbol in "’'-=😀 \n\u200b")


def test_what_is_in_no_token_is_counted(file):
    cut = cut_text(file("Don’t panic — “it's” 😀😀 ❤\ufe0f 50% \u00ad\u200f\n\t\x07 =\u0338"))
    assert cut.left_out == {"’": 1, "—": 1, "“": 1, "'": 1, "”": 1, "😀": 2, "❤": 1, "%": 1, "≠": 1}
    assert cut_text(file("all here, (really)!")).left_out == {}
