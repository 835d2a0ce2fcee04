"""Every refusal of arrays that make no data, word for word: the item at fault and what would be valid."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from two_contexts import build

from ntp_lib import NTPDataError

REFUSALS = [
    (
        lambda: build(embeddings=[[1.0, 0.0], [0.0, np.nan]]),
        "embeddings: context 1 has the value nan in dimension 1; every entry must be finite",
    ),
    (lambda: build(embeddings=[1.0, 2.0]), "embeddings must have shape (m, d), all positive; got shape (2,)"),
    (
        lambda: build(embeddings=np.zeros((0, 2))),
        "embeddings must have shape (m, d), all positive; got shape (0, 2)",
    ),
    (
        lambda: build(embeddings=[["a", "b"], ["c", "d"]]),
        "embeddings must be numbers of shape (m, d); entry (0, 0) is np.str_('a'), text",
    ),
    (
        lambda: build(embeddings=np.zeros((2, 2), dtype=bool)),
        "embeddings must be numbers of shape (m, d); entry (0, 0) is np.False_, a boolean",
    ),
    (
        lambda: build(embeddings=np.zeros((0, 2), dtype=bool)),
        "embeddings must be numbers of shape (m, d); got an empty array of bool",
    ),
    (
        lambda: build(embeddings=[[1.0, 0.0], [True, 0.0]]),
        "embeddings must be numbers of shape (m, d); entry (1, 0) is True, a boolean",
    ),
    (
        lambda: build(embeddings=sp.csr_array(np.eye(2))),
        (
            "embeddings must be numbers of shape (m, d); got a sparse array, and a dense one is needed: call "
            ".toarray()"
        ),
    ),
    (
        lambda: build(embeddings=np.ma.masked_array(np.eye(2), mask=[[0, 0], [1, 0]])),
        "embeddings must be numbers of shape (m, d); entry (1, 0) is masked; fill it or leave its row out",
    ),
    (
        lambda: build(embeddings=np.array([[1.0, None], [0.0, 1.0]], dtype=object)),
        "embeddings must be numbers of shape (m, d); entry (0, 1) is None (NoneType)",
    ),
    (
        lambda: build(embeddings=np.array([[1.0, 10**400], [0.0, 1.0]], dtype=object)),
        "embeddings must be numbers of shape (m, d); entry (0, 1) is beyond the range of float64",
    ),
    (
        lambda: build(embeddings=np.array([1.0, None], dtype=object)),
        "embeddings must be numbers of shape (m, d); entry 1 is None (NoneType)",
    ),
    (
        lambda: build(embeddings=object()),
        "embeddings must be numbers of shape (m, d): an array, a tensor or nested lists; got object",
    ),
    (
        lambda: build(embeddings=torch.eye(2).to_sparse()),
        "embeddings has the layout torch.sparse_coo; a dense tensor is needed: call .to_dense()",
    ),
    (
        lambda: build(context_probs=[0.5, 0.25, 0.25]),
        "context_probs has 3 entries for 2 contexts (rows of embeddings); the two must agree",
    ),
    (
        lambda: build(context_probs=[-0.5, 1.5]),
        (
            "context_probs: context 0 has the value -0.5; every context needs a finite, positive probability "
            "(leave out contexts that never occur)"
        ),
    ),
    (
        lambda: build(context_probs=[0.5, 0.6]),
        "context_probs sum to 1.1; they must sum to 1 (divide them by their sum)",
    ),
    (
        lambda: build(context_probs=[5e-324, 1.0]),
        (
            "context_probs: context 0 has the value 5e-324; a probability that is not 0 must be at least "
            "2.23e-308, below which float64 loses its digits"
        ),
    ),
    (
        lambda: build(next_token_probs=[[1.0, 0.0]]),
        "next_token_probs has 1 rows for 2 contexts (rows of embeddings); the two must agree",
    ),
    (lambda: build(next_token_probs=[[1.0], [1.0]]), "next_token_probs has V = 1 tokens; at least 2 are needed"),
    (
        lambda: build(next_token_probs=[1.0, 0.0]),
        "next_token_probs must have shape (m, V), all positive; got shape (2,)",
    ),
    (
        lambda: build(next_token_probs=[[0.5, 0.5, 0.0], [0.0, -0.5, 1.5]]),
        (
            "next_token_probs: context 1 gives token 1 the value -0.5; probabilities must be finite and not "
            "negative"
        ),
    ),
    (
        lambda: build(next_token_probs=[[0.5, 0.5, 0.0], [0.0, 5e-324, 1.0]]),
        (
            "next_token_probs: context 1 gives token 1 the value 5e-324; a probability that is not 0 must be "
            "at least 2.23e-308, below which float64 loses its digits"
        ),
    ),
    (
        lambda: build(next_token_probs=[[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]),
        (
            "next_token_probs: context 1 has an empty support (all its probabilities are 0); every context "
            "needs at least one next token"
        ),
    ),
    (
        lambda: build(next_token_probs=[[0.5, 0.5, 0.0], [0.0, 0.2, 0.7]]),
        (
            "next_token_probs: the probabilities of context 1 sum to 0.9; each row must sum to 1 (divide it by "
            "its sum)"
        ),
    ),
    (
        lambda: build(next_token_probs=sp.coo_array(np.ones(3))),
        "next_token_probs must have shape (m, V); got shape (3,)",
    ),
    (
        lambda: build(next_token_probs=sp.csr_array((2, 2**31))),
        "next_token_probs has V = 2147483648 tokens; at most 2147483647 are taken",
    ),
    (lambda: build(vocabulary=["a", "b"]), "vocabulary has 2 entries for 3 tokens; the two must agree"),
    (lambda: build(vocabulary=5), "vocabulary is 5; it must be a sequence with one entry per item"),
    (lambda: build(contexts=["A"]), "contexts has 1 entries for 2 contexts; the two must agree"),
    (
        lambda: build(num_sequences=1),
        "num_sequences is 1, fewer than the 2 distinct contexts; each context occurs at least once",
    ),
    (
        lambda: build(num_sequences=2**63),
        "num_sequences is 9223372036854775808; it can be at most 9223372036854775807",
    ),
    (lambda: build(num_sequences=2.0), "num_sequences is 2.0; it must be a whole number of at least 1"),
    (lambda: build().check_decoder(np.zeros((2, 2))), "W has shape (2, 2); these data need (V, d) = (3, 2)"),
    (
        lambda: build().check_decoder(np.full((3, 2), np.inf), "W0"),
        "W0 holds NaN or infinity; every entry must be finite",
    ),
    (
        lambda: build(embeddings=[[0.0], [0.0]], next_token_probs=[[1.0, 0.0]] * 2).require_an_embedding(),
        (
            "embeddings: all of them are zero, so that the loss does not depend on W; at least one context "
            "needs an embedding that is not zero"
        ),
    ),
    (
        lambda: build(next_token_probs=[[0.5, 0.5], [0.1, 0.9]]).require_out_of_support(),
        (
            "every context has the whole vocabulary as its support, so no token is out of support and no "
            "margin is defined; at least one context needs a token of probability 0"
        ),
    ),
]


@pytest.mark.parametrize(("attempt", "message"), REFUSALS, ids=range(len(REFUSALS)))
def test_the_refusal_says_what_is_wrong_and_what_is_valid(attempt, message):
    with pytest.raises(NTPDataError) as raised:
        attempt()
    assert str(raised.value) == message
