"""What was computed for other data is refused by everything that takes it; a copy of the data is the same data."""

import copy
import dataclasses
import pickle
from functools import cache

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.data.identity import require_same_data
from ntp_lib.features.measurements import feature_references
from ntp_lib.features.ridge import ridge_features
from ntp_lib.features.training import train_features
from ntp_lib.trajectories.freezing import adam_stages, compare_stage
from ntp_lib.trajectories.shares import MarginShares


def made(seed=0, **changes):
    sizes = {"num_contexts": 5, "dim": 8, "vocab_size": 5, "support_size": 2, "num_sequences": 200}
    return ntp.synthetic.random(**{**sizes, **changes}, seed=seed)


DATA = made()


def with_parts(embeddings=DATA.embeddings, context_probs=DATA.context_probs, probs=DATA.next_token_probs):
    return ntp.NTPData(embeddings, context_probs, probs)


def moved(array, place, change):
    array = np.array(array)
    array[place] += change
    return array


def other_support():
    probs = np.array(DATA.next_token_probs)
    probs[3] = np.roll(probs[3], 1)
    return with_parts(probs=probs)


def other_probs():
    probs = np.array(DATA.next_token_probs)
    j = int(np.flatnonzero(DATA.support_sizes > 1)[1])
    first, second = np.flatnonzero(probs[j])
    probs[j, [first, second]] += [-1e-3, 1e-3]
    return with_parts(probs=probs), j


OTHERS = {
    "num_contexts is 6, not 5": lambda: made(num_contexts=6),
    "dim is 9, not 8": lambda: made(dim=9),
    "vocab_size is 6, not 5": lambda: made(vocab_size=6),
    "another embedding of context 2": lambda: with_parts(embeddings=moved(DATA.embeddings, (2, 3), 1e-9)),
    "another support of context 3": other_support,
    "other next_token_probs of context 1": lambda: other_probs()[0],
    "context_probs .* of context 0": lambda: with_parts(
        context_probs=moved(DATA.context_probs, slice(0, 2), [-0.01, 0.01])
    ),
}


@cache
def references(seed=0):
    return ntp.references(made(seed))


@cache
def feature_bundle(seed=0):
    return feature_references(made(seed))


USES = {
    "train": lambda seed: ntp.train(DATA, steps=2, references=references(seed)),
    "flow": lambda seed: ntp.gradient_flow(DATA, log_times=[0.0], references=references(seed)),
    "path": lambda seed: ntp.regularization_path(DATA, penalties=[1.0], references=references(seed)),
    "compatibility": lambda seed: ntp.compatibility(DATA, F=references(seed).F),
    "separability": lambda seed: ntp.separability(DATA, F=references(seed).F),
    "highs": lambda seed: ntp.separability(DATA, solver="highs", F=references(seed).F),
    "references": lambda seed: dataclasses.replace(references(), svm=references(seed).svm),
    "references with F": lambda seed: dataclasses.replace(references(), F=references(seed).F),
    "shares": lambda seed: MarginShares(references().F, {"frobenius": ntp.max_margin(made(seed))}),
    "stages": lambda seed: compare_stage(
        *adam_stages(references(), marks=[4, 8]), references(), ntp.max_margin(made(seed))
    ),
    "features": lambda seed: train_features(DATA, dim=2, steps=2, references=feature_bundle(seed)),
    "feature path": lambda seed: ridge_features(DATA, penalties=[0.1], dim=5, references=feature_bundle(seed)),
}


@pytest.mark.parametrize("use", USES)
def test_what_belongs_to_other_data_is_refused(use):
    with pytest.raises(ntp.NTPDataError, match=r"computed for other data, .* of context"):
        USES[use](1)


@pytest.mark.parametrize("use", USES)
def test_what_was_computed_for_equal_data_is_taken(use):
    """The bundles come from data built a second time; the control of the test above."""
    USES[use](0)


@pytest.mark.parametrize("difference", OTHERS)
def test_the_difference_is_named(difference):
    with pytest.raises(ntp.NTPDataError, match=f"references: computed for other data, .*{difference}"):
        require_same_data(OTHERS[difference](), DATA, "references")


def test_embeddings_do_not_matter_to_labels():
    other = with_parts(embeddings=DATA.embeddings[:, :3])
    require_same_data(other, DATA, "references", labels_only=True)
    with pytest.raises(ntp.NTPDataError, match="dim is 3"):
        require_same_data(other, DATA, "references")


def test_copies_are_the_same_data(tmp_path):
    DATA.save(tmp_path / "data.npz")
    named = ntp.NTPData(DATA.embeddings, DATA.context_probs, DATA.probs, vocabulary=list("abcde"))
    copies = [
        pickle.loads(pickle.dumps(DATA)),  # noqa: S301
        copy.deepcopy(DATA),
        ntp.NTPData.load(tmp_path / "data.npz"),
        named,
    ]
    for again in copies:
        ntp.train(again, steps=2, references=references())
        ntp.compatibility(again, F=references().F)


@pytest.mark.parametrize("wrong", ["x", DATA, 3])
def test_other_things_are_no_references(wrong):
    with pytest.raises(ntp.NTPDataError, match=r"references is .*; it must be what ntp_lib.limits returns"):
        ntp.train(DATA, steps=2, references=wrong)
    with pytest.raises(ntp.NTPDataError, match=r"F is .*; it must be what ntp_lib.subspace returns"):
        ntp.compatibility(DATA, F=wrong)
    with pytest.raises(ntp.NTPDataError, match=r"references is .*feature_references"):
        train_features(DATA, dim=2, steps=2, references=wrong)
