"""Sentences and their next tokens, counted into contexts of choice data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.choice.validation import positive_weights, valid_rows
from ntp_lib.data.encoding import encode
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array, to_numpy


def counted(
    sentences: Sequence[Sequence[Any]],
    next_tokens: Sequence[Any],
    embeddings: Mapping[Any, npt.ArrayLike] | npt.ArrayLike | None,
    *,
    vocabulary: Sequence[Any] | None,
    queries: Sequence[Any] | None,
    weights: npt.ArrayLike | None,
) -> dict[str, Any]:
    """The arguments of `ntp_lib.ChoiceData`; see `ChoiceData.from_sentences`.

    Raises:
        NTPDataError: naming the sentence at fault.
    """
    rows = _sentences(sentences)
    labels = _one_each(next_tokens, "next_tokens", len(rows))
    asked = [row[-1] for row in rows] if queries is None else _one_each(queries, "queries", len(rows))
    _refuse_strange_labels(rows, labels)
    names, E = _embedded(rows, asked, embeddings, vocabulary)
    shares = _weights(weights, len(rows))
    place = {name: i for i, name in enumerate(names)}

    contexts: dict[tuple[Any, tuple[int, ...]], int] = {}
    found: list[dict[int, list[float]]] = []
    for i, (row, label, query) in enumerate(zip(rows, labels, asked, strict=True)):
        key = (query, tuple(sorted(place[token] for token in row)))
        j = contexts.setdefault(key, len(found))
        if j == len(found):
            found.append({})
        entry = found[j].setdefault(place[label], [0.0, i])
        entry[0] += shares[i]
    totals = np.array([sum(mass for mass, _ in entry.values()) for entry in found])
    stored = [
        (j, token, mass / totals[j], int(i))
        for j, entry in enumerate(found)
        for token, (mass, i) in sorted(entry.items())
    ]
    shape = (len(found), len(names))
    held = [(j, token) for (_, tokens), j in contexts.items() for token in tokens]
    return {
        "keys": E,
        "queries": E[[place[query] for query, _ in contexts]],
        "candidates": sp.csr_array((np.ones(len(held)), tuple(zip(*held, strict=True))), shape),
        "label_probs": sp.csr_array(
            ([p for _, _, p, _ in stored], ([j for j, *_ in stored], [token for _, token, *_ in stored])), shape
        ),
        "context_probs": totals / totals.sum(),
        "vocabulary": names,
        "query_tokens": [query for query, _ in contexts],
        "label_sentences": [i for *_, i in stored],
    }


def _sentences(value: Any) -> list[list[Any]]:
    """Lists of tokens, all str or all int."""
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray) or not len(value):
        raise NTPDataError("sentences must be a sequence of at least one sentence, each a sequence of tokens")
    rows = []
    for i, sentence in enumerate(value):
        tokens = list(sentence) if isinstance(sentence, str) else sentence
        try:
            encoded = encode(tokens) if len(tokens) else None
        except (TypeError, NTPDataError) as error:
            raise NTPDataError(f"sentence {i}: {error}") from None
        if encoded is None:
            raise NTPDataError(f"sentence {i} is empty; every sentence needs at least one token")
        rows.append([encoded.names[code] for code in encoded.codes])
    kind = type(rows[0][0])
    for i, row in enumerate(rows):
        if type(row[0]) is not kind:
            raise NTPDataError(
                f"sentence {i} has tokens of type {type(row[0]).__name__}, sentence 0 of type {kind.__name__}; "
                "the tokens must be all str or all int"
            )
    return rows


def _one_each(value: Any, name: str, count: int) -> list[Any]:
    value = to_numpy(value, name)
    entries = value.tolist() if isinstance(value, np.ndarray) else list(value)
    if len(entries) != count:
        raise NTPDataError(f"{name} has {len(entries)} entries for {count} sentences; the two must agree")
    for i, entry in enumerate(entries):
        if isinstance(entry, list | tuple | set | frozenset):
            raise NTPDataError(
                f"{name}: sentence {i} has {len(entry)} of them, {entry!r:.60}; one token is needed (give a "
                "sentence that is followed by several tokens once with each of them)"
            )
    return [entry.item() if isinstance(entry, np.generic) else entry for entry in entries]


def _refuse_strange_labels(rows: list[list[Any]], labels: list[Any]) -> None:
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        if label not in row:
            raise NTPDataError(
                f"sentence {i} is followed by {label!r:.60}, which it does not hold ({_shown(row)}); attention "
                "can only choose among the tokens of the sentence, and its loss would be infinite"
            )


def _shown(row: list[Any]) -> str:
    return ", ".join(map(repr, row[:8])) + (", …" if len(row) > 8 else "")


def _embedded(
    rows: list[list[Any]], asked: list[Any], embeddings: Any, vocabulary: Sequence[Any] | None
) -> tuple[list[Any], Floats]:
    """The names of the K tokens and their embeddings, (K, d)."""
    used = dict.fromkeys(token for row in rows for token in row) | dict.fromkeys(asked)
    if isinstance(embeddings, Mapping):
        names = list(embeddings if vocabulary is None else vocabulary)
        known: Any = embeddings
    elif vocabulary is not None:
        names, known = list(vocabulary), None
    elif isinstance(next(iter(used)), str):
        if embeddings is not None:
            raise NTPDataError(
                "embeddings is an array and the tokens have names; give the vocabulary, in the order of its rows, "
                "or a mapping from token to vector"
            )
        names, known = list(used), None
    else:
        names, known = list(range(1 + max(used) if embeddings is None else len(embeddings))), None
    if len(set(names)) < len(names):
        repeated = next(name for i, name in enumerate(names) if name in names[:i])
        raise NTPDataError(f"vocabulary holds {repeated!r:.60} twice; every token needs one place")
    _refuse_unknown(rows, asked, set(names) if known is None else set(names) & set(known))
    if embeddings is None:
        return names, np.eye(len(names))
    given = (
        embeddings
        if known is None
        else [real_array(known[name], f"embedding of {name!r:.40}", "(d,)") for name in names]
    )
    E = valid_rows(given, "embeddings", "(K, d)", "token")
    if len(E) != len(names):
        raise NTPDataError(f"embeddings has {len(E)} rows for {len(names)} tokens; the two must agree")
    return names, E


def _refuse_unknown(rows: list[list[Any]], asked: list[Any], known: set[Any]) -> None:
    for i, (row, query) in enumerate(zip(rows, asked, strict=True)):
        for token in (*row, query):
            if token not in known:
                raise NTPDataError(
                    f"sentence {i} holds {token!r:.60}, a token without embedding; {len(known)} tokens have one"
                )


def _weights(value: npt.ArrayLike | None, count: int) -> Floats:
    """Positive weights of the sentences, of sum one."""
    if value is None:
        return np.full(count, 1 / count)
    array = positive_weights(value, count, "sentence")
    return array / array.sum()
