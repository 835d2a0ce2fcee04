"""The tables of the tokenizer, made afresh, and which characters show on their own."""

import unicodedata

import pytest

from ntp_lib.data.text import cut_text
from ntp_lib.data.tokenizer import PUNCTUATION, cleaned, is_visible, lowered, tokenizer

TEXT = "e\u0301te\u0301, x_1 मेज़? \u0301 a\u200db (“c”)"


@pytest.fixture(params=["word", "character"])
def fresh(request):
    """A tokenizer that nobody has asked for before, and its unit."""
    return tokenizer.__wrapped__(request.param), request.param


def test_words_or_letters_are_found_in_order(fresh):
    cutter, unit = fresh
    words = ["e\u0301te\u0301", ",", "x_1", "मेज़", "?", "a\u200db", "(", "c", ")"]
    letters = ["e\u0301", "t", "e\u0301", ",", "x", "_", "1", "मे", "ज़", "?", "a\u200d", "b", "(", "c", ")"]
    assert cutter.find(TEXT) == (words if unit == "word" else letters)
    assert cutter.between(TEXT) == "   \u0301  “”"


def test_punctuation_marks_are_tokens_of_their_own(fresh):
    cutter, _ = fresh
    assert cutter.find(PUNCTUATION) == list(PUNCTUATION) == [".", ",", ";", ":", "!", "?", "(", ")"]
    assert cutter.find("-'’*[]\\^$|") == []


def test_every_combining_mark_and_no_other_symbol_is_part_of_a_word(fresh):
    part = fresh[0].part
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character)[0] == "M":
            assert part.fullmatch(character), hex(code)
    assert all(part.fullmatch(character) for character in "aé漢_5\u200c\u200d\u00ad\ufeff\u200e\u2066\u2069")
    assert not any(part.fullmatch(symbol) for symbol in "’'-=😀 \n\u200b\ue000.(")


def test_marks_between_others_do_not_join_them():
    """Neighbours of ranges of marks that are no marks themselves."""
    part = tokenizer.__wrapped__("word").part
    before, after = "\u02ff", "\u0370"
    assert unicodedata.category("\u0300") == unicodedata.category("\u036f") == "Mn"
    assert part.fullmatch("\u0300")
    assert part.fullmatch("\u036f")
    assert not part.fullmatch(before)
    assert part.fullmatch(after), "a letter, which is part of a word for that reason"
    assert tokenizer.__wrapped__("character").find(f"a{after}") == ["a", after]


@pytest.mark.parametrize("character", [*"a漢1_.$-“😀", "\ue000", "\U000f0000", "\uffff"])
def test_letters_symbols_and_places_of_private_use_are_visible(character):
    assert is_visible(character)


@pytest.mark.parametrize(
    "character", [*" \n\t\u00a0\u2028\u3000", *"\u0301\u0903\u20dd", *"\u200d\u00ad\x07", "\ud800"]
)
def test_space_marks_and_control_codes_are_not_visible(character):
    assert not is_visible(character)


def test_characters_of_private_use_are_counted_as_left_out(tmp_path):
    (tmp_path / "text.txt").write_text("a \ue000\ue000 \uffff b", encoding="utf-8")
    assert cut_text(tmp_path / "text.txt").left_out == {"\ue000": 2, "\uffff": 1}


def test_cleaning_composes_and_drops_what_is_invisible():
    assert cleaned("plain\x07 text") == "plain\x07 text"
    assert cleaned("e\u0301") == "é"
    assert cleaned("e\u00ad\u200f\u0301\ufeff") == "é"
    assert cleaned("a\u200cb\u200dc") == "a\u200cb\u200dc", "joiners belong to words"


def test_lower_case_is_composed_again():
    assert lowered("ÉTÉ") == "été"
    assert lowered("İ") == unicodedata.normalize("NFC", "i\u0307")
    assert unicodedata.is_normalized("NFC", lowered("J\u030c"))
    assert lowered("J\u030c") == "ǰ"
