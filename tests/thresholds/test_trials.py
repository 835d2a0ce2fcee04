"""Random data of a cell: supports, streams and verdicts."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.support_laws import SupportLaw
from ntp_lib.thresholds.trials import Cell, random_data, run_cell


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


def test_supports_have_their_sizes_and_no_favourite_token():
    support = SupportLaw.parse("2-4").draw(20_000, 7, np.random.default_rng(0))
    sizes = support.sum(axis=1)
    assert set(sizes) == {2, 3, 4}
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
    from ntp_lib.conditions.separability import Separability, Verdict

    monkeypatch.setattr(
        "ntp_lib.thresholds.trials.separability", lambda data: Separability(data, Verdict.UNDECIDED)
    )
    outcome = run_cell(cell())
    assert (outcome.yes, outcome.no, outcome.undecided) == (0, 0, 4)


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
    made = cell(dim=5.0, trials=np.int64(4))
    assert made == cell()
    assert type(made.dim) is int
