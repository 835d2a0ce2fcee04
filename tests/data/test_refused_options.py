"""Every refusal of numbers, tokens and sizes, word for word: the item at fault and what would be valid."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib import NTPDataError
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number

from_tokens = ntp.NTPData.from_tokens

T = ["the", "cat", "sat", "on", "the", "mat", "the", "cat"]

REFUSALS = [
    (lambda: whole_number(2, "steps", least=3), "steps is 2; it must be a whole number of at least 3"),
    (
        lambda: whole_number("3", "steps", least=0, most=9),
        "steps is '3'; it must be a whole number of at least 0 and at most 9",
    ),
    (
        lambda: real_number(2, "rate", above=0, below=1),
        "rate is 2; it must be a finite number above 0 and below 1",
    ),
    (
        lambda: real_number(np.float32(-1), "rate", least=0, most=0.5),
        "rate is -1.0; it must be a finite number at least 0 and at most 0.5",
    ),
    (lambda: real_number(np.nan, "rate", infinite=True), "rate is nan; it must be a number"),
    (
        lambda: real_number("x" * 99, "rate"),
        "rate is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...; it must be a finite number",
    ),
    (lambda: real_numbers([], "radii"), "radii is empty; a sequence of at least one number is needed"),
    (lambda: real_numbers({1.0}, "radii"), "radii is {1.0}; a sequence of at least one number is needed"),
    (lambda: real_numbers([1.0, None], "radii"), "radii[1] is None; it must be a finite number"),
    (
        lambda: real_numbers(np.ma.masked_array([1, 2], mask=[0, 1]), "radii"),
        "radii has masked entries; every entry must be a number",
    ),
    (lambda: one_of("sgd", "method", ("gd", "ngd")), "unknown method 'sgd'; valid: gd, ngd"),
    (
        lambda: from_tokens([]),
        "tokens is empty; at least one context and the token after it are needed",
    ),
    (
        lambda: from_tokens(["a", "b"]),
        (
            "tokens has length 2, shorter than one context of context_length = 2 and its next token; at least "
            "3 tokens are needed"
        ),
    ),
    (
        lambda: from_tokens(["a"] * 9),
        "tokens holds one distinct token, 'a'; at least 2 are needed (V ≥ 2)",
    ),
    (
        lambda: from_tokens("some text"),
        (
            "tokens is one str, not a sequence of tokens; split it first, e.g. with "
            "ntp_lib.data.text.tokenize, or pass list(tokens) for single characters"
        ),
    ),
    (
        lambda: from_tokens({1, 2}),
        "tokens must be a sequence (list, tuple or array) of str or int; got set",
    ),
    (
        lambda: from_tokens(np.zeros((2, 3), dtype=int)),
        "tokens must be one sequence, shape (N,); got an array of shape (2, 3)",
    ),
    (
        lambda: from_tokens(np.ma.masked_array([5, 7, 5], mask=[0, 1, 0])),
        "tokens: token 1 is masked; leave it out",
    ),
    (
        lambda: from_tokens(["a", "b", 3]),
        "token 2 is 3 (int) after 2 token(s) of type str; the tokens must be all str or all int",
    ),
    (
        lambda: from_tokens([None, "b", 3]),
        "token 0 is None (NoneType); the tokens must be all str or all int",
    ),
    (
        lambda: from_tokens(T, context_length=0),
        "context_length is 0; it must be a whole number of at least 1",
    ),
    (lambda: from_tokens(T, dim=0), "dim is 0; it must be a whole number of at least 1"),
    (lambda: from_tokens(T, seed=-1), "seed is -1; it must be a whole number of at least 0"),
    (lambda: from_tokens(T, vocab_size=1), "vocab_size is 1; it must be a whole number of at least 2"),
    (
        lambda: from_tokens(T, embedding="onehot"),
        "embedding is 'onehot'; it must be one of 'independent', 'composed'",
    ),
    (
        lambda: from_tokens(["a", "<other>", "b", "c"], context_length=1, vocab_size=3),
        (
            "the tokens hold '<other>', the name that vocab_size = 3 gives to the tokens left out; rename that "
            "token or leave vocab_size out"
        ),
    ),
    (
        lambda: from_tokens(T, context_length=1, dim=2**50),
        (
            "dim is 1125899906842624; 5 embeddings of it take 45,035,996,273,704,960 bytes, more memory than "
            "there is"
        ),
    ),
    (lambda: ntp.synthetic.random(support_size=11), "support_size is 11; it can be at most vocab_size = 10"),
    (
        lambda: ntp.synthetic.random(num_sequences=299),
        (
            "num_sequences is 299; with num_contexts × support_size = 300 (context, token) pairs to occur at "
            "least once it must be at least 300"
        ),
    ),
    (
        lambda: ntp.synthetic.random(num_sequences=2**62 + 1),
        "num_sequences is 4611686018427387905; it can be at most 4611686018427387904",
    ),
    (lambda: ntp.synthetic.random(dim=10**10), "num_contexts × dim = 5e+11 entries; at most 2.68e+08 fit"),
    (
        lambda: ntp.synthetic.random(num_contexts=5 * 10**7, vocab_size=60, num_sequences=10**9),
        "num_contexts × dim = 3e+09 entries; at most 2.68e+08 fit",
    ),
    (lambda: ntp.synthetic.clusters(noise=-0.5), "noise is -0.5; it must be a finite number, not negative"),
    (
        lambda: ntp.synthetic.clusters(num_classes=2**14, per_class=2**10, dim=2),
        "num_contexts × vocab_size = 2.75e+11 entries; at most 2.68e+08 fit",
    ),
]


@pytest.mark.parametrize(("attempt", "message"), REFUSALS, ids=range(len(REFUSALS)))
def test_the_refusal_says_what_is_wrong_and_what_is_valid(attempt, message):
    with pytest.raises(NTPDataError) as raised:
        attempt()
    assert str(raised.value) == message
