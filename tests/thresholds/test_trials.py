"""Random data of a cell: supports, streams and verdicts."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.support_laws import SupportLaw
from ntp_lib.thresholds.trials import Cell, CellOutcome, random_data, run_cell


def cell(**changes):
    return Cell(**{"question": "separability", "vocab_size": 6, "supports": "2", "dim": 5, "num_contexts": 9,
                   "trials": 4, "seed": 0} | changes)  # fmt: skip


@pytest.mark.parametrize("text", ["6", "1-5", "zipf:3", "zipf:1-5"])
def test_support_laws_read_and_write(text):
    assert str(SupportLaw.parse(text)) == text


@pytest.mark.parametrize("text", ["", "x", "0", "5-2", "1-", "pareto:3", "-1"])
def test_other_texts_are_refused(text):
    with pytest.raises(ntp.NTPDataError, match="support law"):
        SupportLaw.parse(text)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        (" 6 ", SupportLaw(6, 6)),
        ("1-5", SupportLaw(1, 5)),
        ("3-3", SupportLaw(3, 3)),
        ("zipf:2-4", SupportLaw(2, 4, zipf=True)),
    ],
)
def test_a_text_names_a_law_and_its_sizes(text, law):
    assert SupportLaw.parse(text) == law
    assert list(law.sizes) == list(range(law.smallest, law.largest + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("six", "^support law 'six'; valid: a size (6), a range (1-5), or zipf: before either$"),
        ("0", "^support law '0': sizes must be at least 1, the smaller one first$"),
        ("5-2", "^support law '5-2': sizes must be at least 1, the smaller one first$"),
    ],
)
def test_a_text_that_is_no_law_is_repeated_with_what_would_be(text, message):
    with pytest.raises(ntp.NTPDataError, match=message.replace("(", r"\(").replace(")", r"\)")):
        SupportLaw.parse(text)


@pytest.mark.parametrize(
    ("law", "vocab_size", "message"),
    [
        ("1", 1, "^vocab_size is 1; it must be at least 2$"),
        ("2-4", 3, "^support law 2-4: 4 tokens, but the vocabulary has 3$"),
        ("zipf:3", 3, "^support law zipf:3: every support is the whole vocabulary, so no margin is defined$"),
    ],
)
def test_a_law_is_held_against_the_vocabulary_before_a_draw(law, vocab_size, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        SupportLaw.parse(law).draw(3, vocab_size, np.random.default_rng(0))


def test_a_law_may_reach_the_whole_vocabulary():
    support = SupportLaw(1, 2).draw(50, 2, np.random.default_rng(0))
    assert support.dtype == bool
    assert set(support.sum(axis=1)) == {1, 2}


def test_supports_have_their_sizes_and_no_favourite_token():
    support = SupportLaw.parse("2-4").draw(20_000, 7, np.random.default_rng(0))
    sizes = support.sum(axis=1)
    counts = np.bincount(sizes, minlength=8)
    assert set(sizes) == {2, 3, 4}
    assert np.abs(counts[2:5] / 20_000 - 1 / 3).max() < 0.014
    # Binomial spread 0.0035; four of them.
    assert np.abs(support.mean(axis=0) - 3 / 7).max() < 0.014


def test_zipf_supports_are_drawn_by_weight_without_replacement():
    support = SupportLaw.parse("zipf:1").draw(40_000, 5, np.random.default_rng(0))
    weights = 1 / np.arange(1, 6)
    assert np.abs(support.mean(axis=0) - weights / weights.sum()).max() < 0.01
    pairs = SupportLaw.parse("zipf:2").draw(40_000, 3, np.random.default_rng(0))
    first, second, _ = weights[:3] / weights[:3].sum()
    expected = first * second / (1 - first) + second * first / (1 - second)
    assert abs((pairs[:, 0] & pairs[:, 1]).mean() - expected) < 0.01


def test_streams_depend_on_every_parameter_and_on_nothing_else():
    changes = [{}, {"seed": 1}, {"dim": 6}, {"num_contexts": 8}, {"supports": "1-2"}, {"supports": "zipf:2"},
               {"vocab_size": 7}, {"question": "compatibility"}]  # fmt: skip
    firsts = [cell(**change).generator(i).random() for change in changes for i in range(3)]
    assert len(set(firsts)) == len(firsts)
    assert cell().generator(2).random() == cell(trials=9).generator(2).random()


def test_more_trials_keep_the_earlier_ones():
    few, many = run_cell(cell(trials=3)), run_cell(cell(trials=6))
    assert few.yes <= many.yes
    assert few.no <= many.no


def test_verdicts_are_counted_and_sure_at_the_ends():
    assert run_cell(cell(num_contexts=5)).yes == 4
    assert run_cell(cell(num_contexts=40)).no == 4
    assert run_cell(cell(question="compatibility", num_contexts=5)).yes == 4
    assert run_cell(cell(question="compatibility", num_contexts=40)).no == 4


def test_undecided_trials_are_counted(monkeypatch):
    from ntp_lib.margins.separability_verdict import Separability, Verdict

    monkeypatch.setattr(
        "ntp_lib.thresholds.trials.separability", lambda data, **_: Separability(data, Verdict.UNDECIDED)
    )
    outcome = run_cell(cell())
    assert (outcome.yes, outcome.no, outcome.undecided) == (0, 0, 4)


@pytest.mark.parametrize(("num_contexts", "supports"), [(20, "3"), (40, "1-4"), (14, "zipf:1-5")])
def test_the_order_of_the_solvers_does_not_change_the_verdicts(monkeypatch, num_contexts, supports):
    """Near the border, where either may be right: splitting for a moment, not at all, and as long as it takes."""
    near = cell(vocab_size=8, dim=8, num_contexts=num_contexts, supports=supports, trials=12)
    outcomes = []
    for small, patience in ((10**5, 0.1), (10**5, 0.0), (0, 0.0)):
        monkeypatch.setattr("ntp_lib.thresholds.trials.SMALL", small)
        monkeypatch.setattr("ntp_lib.thresholds.trials.PATIENCE", patience)
        outcomes.append(run_cell(near))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0].undecided == 0


def test_random_data_follow_the_cell():
    data = random_data(cell(supports="1-3"), np.random.default_rng(0))
    assert (data.num_contexts, data.dim, data.vocab_size) == (9, 5, 6)
    assert data.support_sizes.max() <= 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": "beauty"}, "unknown question 'beauty'; valid: separability, compatibility"),
        ({"trials": 0}, "trials is 0"),
        ({"dim": 0}, "dim is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"supports": "7"}, "7 tokens, but the vocabulary has 6"),
        ({"supports": "6"}, "every support is the whole vocabulary"),
        ({"vocab_size": 1, "supports": "1"}, "vocab_size is 1"),
    ],
)
def test_impossible_cells_are_refused(changes, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        cell(**changes)


def test_data_without_any_token_off_the_supports_are_separable():
    """Of a single context every support is separable by Lemma 1, and the whole vocabulary has no constraint."""
    outcome = run_cell(cell(vocab_size=3, supports="2-3", dim=2, num_contexts=1, trials=12))
    sizes = [random_data(outcome.cell, outcome.cell.generator(i)).support_sizes[0] for i in range(12)]
    assert set(sizes) == {2, 3}
    assert (outcome.yes, outcome.no, outcome.undecided) == (12, 0, 0)


@pytest.mark.parametrize("changes", [{"dim": 1.5}, {"trials": "3"}, {"seed": -1}, {"num_contexts": True}])
def test_numbers_of_a_cell_are_whole(changes):
    with pytest.raises(ntp.NTPDataError, match=f"{next(iter(changes))} is .*whole number"):
        cell(**changes)


def test_a_cell_holds_integers():
    made = cell(dim=5.0, trials=np.int64(4), num_contexts=9.0, seed=0.0)
    assert made == cell()
    assert {type(value) for value in (made.dim, made.trials, made.num_contexts, made.seed)} == {int}


def test_an_outcome_is_recorded_as_one_row():
    assert CellOutcome(cell(), yes=2, no=1, undecided=1).record() == {
        "question": "separability", "vocab_size": 6, "supports": "2", "dim": 5, "num_contexts": 9, "trials": 4,
        "seed": 0, "ratio": 9 / 5, "yes": 2, "no": 1, "undecided": 1,
    }  # fmt: skip


def test_one_of_everything_is_a_cell():
    made = cell(dim=1, num_contexts=1, trials=1)
    assert (made.ratio, run_cell(made).yes) == (1.0, 1)


def test_random_data_are_gaussian_embeddings_with_uniform_probabilities():
    data = random_data(cell(num_contexts=4000), np.random.default_rng(0))
    embeddings, probs = np.asarray(data.embeddings), np.asarray(data.next_token_probs)
    # Bounds of four to five standard errors.
    assert np.abs(embeddings.mean(axis=0)).max() < 0.08
    assert np.abs(np.cov(embeddings.T) - np.eye(5)).max() < 0.11
    np.testing.assert_allclose(data.context_probs, 1 / 4000, rtol=1e-12)
    assert (data.support_sizes == 2).all()
    # Of two tokens the share of one is uniform on [0, 1].
    deciles = np.quantile(probs[probs > 0], np.arange(0.1, 1, 0.1))
    assert np.abs(deciles - np.arange(0.1, 1, 0.1)).max() < 0.03
