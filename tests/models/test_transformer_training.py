"""Training: the loss it minimises, its schedule, its records, and what it refuses."""

import re

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.features.measurements import within_support
from ntp_lib.models.contexts import numbered_contexts, valid_contexts
from ntp_lib.models.training import measured, one_torch_thread, schedule, train_transformer

TOKENS = np.array([[0, 1], [1, 0], [2, 2], [0, 2]])
SMALL = {"dim": 8, "layers": 1, "heads": 2, "steps": 12, "num_records": None}


@pytest.fixture(scope="module")
def problem():
    probs = [[0.6, 0.4, 0, 0, 0], [0, 0.5, 0.5, 0, 0], [0, 0, 0, 1, 0], [0.2, 0, 0, 0.3, 0.5]]
    return ntp.NTPData(np.eye(4), [0.1, 0.2, 0.3, 0.4], probs)


def trained(problem, tokens=TOKENS, **options):
    return train_transformer(problem, tokens, **SMALL | options)


def test_the_loss_comes_down_to_the_entropy_and_the_log_odds_are_met(problem):
    frame = trained(problem, dim=16, heads=4, steps=400, step_size=1e-2, num_records=10).frame
    assert frame["excess_loss"].iloc[-1] < 2e-3 < 0.5 < frame["excess_loss"].iloc[0]
    assert frame["finite_error"].iloc[-1] < 0.01
    assert frame["margin"].iloc[-1] > 4


def test_a_step_is_one_of_torch_s_adamw_with_the_clipped_gradient_of_the_mean_loss(problem):
    """The loss is then the mean over n sequences, here ten, each of one next token."""
    probs = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    hard = ntp.NTPData(np.eye(4), [0.1, 0.2, 0.3, 0.4], probs)
    run = trained(hard, steps=3, step_size=0.05, decay=0.5, snapshots=range(4), seed=3)
    from ntp_lib.models.transformer import Transformer

    sizes = {"num_words": 3, "vocab_size": 5, "length": 2, "dim": 8, "layers": 1, "heads": 2}
    model = Transformer(**sizes, seed=3)
    optimiser = torch.optim.AdamW(model.parameters(), 1.0, betas=(0.9, 0.99), weight_decay=0.5)
    inputs = torch.as_tensor(np.repeat(TOKENS, [1, 2, 3, 4], axis=0))
    targets = torch.as_tensor(np.repeat([1, 2, 3, 4], [1, 2, 3, 4]))
    for step in range(3):
        np.testing.assert_allclose(run.at(step).W, model.decoder.detach().numpy(), atol=2e-6)
        np.testing.assert_allclose(run.at(step).H, model.embeddings(torch.as_tensor(TOKENS)).detach(), atol=2e-4)
        optimiser.param_groups[0]["lr"] = 0.05 * schedule(step, 3)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    np.testing.assert_allclose(run.last.W, model.decoder.detach().numpy(), atol=2e-6)


def test_the_schedule_warms_up_for_fifty_steps_and_ends_at_two_per_cent():
    assert schedule(0, 10**9) == pytest.approx(0.02)
    assert schedule(24, 10**9) == pytest.approx(0.5)
    assert schedule(49, 10**9) == pytest.approx(1.0)
    assert schedule(50, 10**9) == pytest.approx(1.0)
    assert schedule(500, 1000) == pytest.approx(0.51)
    assert schedule(1000, 1000) == pytest.approx(0.02)


def test_records_are_the_measurements_of_the_weights(problem):
    run = trained(problem, snapshots=[5, 0])
    assert [snapshot.step for snapshot in run.snapshots] == [0, 5, 12]
    assert run.last is run.snapshots[-1]
    assert run.frame["step"].tolist() == list(range(13))
    for snapshot in run.snapshots:
        assert (snapshot.W.shape, snapshot.H.shape) == ((5, 8), (4, 8))
        assert snapshot.W.dtype == snapshot.H.dtype == np.float64
        expected = measured(snapshot.W, snapshot.H, problem)
        assert run.frame.loc[snapshot.step].drop("step").to_dict() == pytest.approx(expected)


def test_measurements_are_those_of_their_definitions(problem):
    rng = np.random.default_rng(0)
    W, H = rng.standard_normal((5, 3)), rng.standard_normal((4, 3))
    found = measured(W, H, problem)
    logits, probs = H @ W.T, problem.probs.toarray()
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    kept = probs > 0
    divergence = np.where(kept, probs * np.log(np.where(kept, probs, 1) / soft), 0).sum(axis=1)
    assert found["excess_loss"] == pytest.approx(problem.context_probs @ divergence)
    margins = [row[on].min() - row[~on].max() for row, on in zip(logits, kept, strict=True)]
    assert found["margin"] == pytest.approx(min(margins))
    assert found["norm"] == pytest.approx(np.linalg.norm(logits - logits.mean(axis=1)[:, None], "nuc"))
    assert found["decoder_norm"] == pytest.approx(np.sqrt((W**2).sum()))
    assert found["embedding_norm"] == pytest.approx(np.sqrt((H**2).sum()))
    odds = within_support(np.log(np.where(kept, probs, 1)), kept)
    exact = measured(odds.T, np.eye(4), problem)
    assert exact["finite_error"] == pytest.approx(0, abs=1e-12)
    assert measured(3 * odds.T, np.eye(4), problem)["finite_error"] == pytest.approx(2)
    single = ntp.NTPData(np.eye(2), [0.5, 0.5], [[1, 0], [0, 1]])
    assert np.isnan(measured(np.eye(2), np.eye(2), single)["finite_error"])


def test_a_run_depends_on_its_seed_and_not_on_records_threads_or_torch_s_numbers(problem):
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    often = trained(problem)
    torch.manual_seed(5)
    seldom = trained(problem, num_records=2, snapshots=[3])
    torch.set_rng_state(state)
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(often.last.H, seldom.last.H)
    assert seldom.frame["step"].tolist() == [0, 1, 12]
    assert np.abs(often.last.W - trained(problem, seed=1).last.W).max() > 1e-3
    with torch.no_grad():  # a caller's own setting
        np.testing.assert_array_equal(often.last.W, trained(problem).last.W)


def test_threads_are_restored_after_an_error():
    before = torch.get_num_threads()
    inside = []

    def fail():
        with one_torch_thread():
            inside.append(torch.get_num_threads())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (inside, torch.get_num_threads()) == ([1], before)


def test_decay_shrinks_the_weights_and_more_words_than_used_are_allowed(problem):
    free, decayed = trained(problem, steps=60), trained(problem, steps=60, decay=20.0)
    assert np.linalg.norm(decayed.last.W) < 0.8 * np.linalg.norm(free.last.W)
    assert np.abs(trained(problem, num_words=9).last.W - trained(problem).last.W).max() > 0


def test_progress_is_shown_where_asked_for(problem, capsys):
    trained(problem)
    assert capsys.readouterr().err == ""
    trained(problem, progress=True)
    assert re.search(r"\rtransformer: 100%.* 12/12 .*step", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": TOKENS[:3]}, "tokens has shape (3, 2); these data need (m, T) with m = 4"),
        ({"tokens": TOKENS[:, 0]}, "tokens has shape (4,); these data need"),
        ({"tokens": TOKENS[:, :0]}, "tokens has shape (4, 0); these data need"),
        ({"tokens": TOKENS - 1}, "tokens holds -1; every entry must be a whole number of at least 0"),
        ({"tokens": TOKENS + 0.5}, "tokens holds entries of type float64; every entry must be"),
        ({"tokens": TOKENS[[0, 1, 1, 2]]}, "tokens: context 2 occurs before; contexts must be distinct"),
        ({"num_words": 2}, "num_words is 2; it must be a whole number of at least 3"),
        ({"snapshots": [1, 13]}, "snapshots[1] is 13; it must be a whole number of at least 0 and at most 12"),
        ({"steps": 0}, "steps is 0"),
        ({"num_records": 1}, "num_records is 1"),
        ({"step_size": 0}, "step_size is 0; it must be a finite number above 0"),
        ({"decay": -1}, "decay is -1; it must be a finite number at least 0"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(problem, options, message):
    with pytest.raises(ntp.NTPDataError, match="^" + re.escape(message)):
        trained(problem, **options)


def test_a_step_without_a_snapshot_is_refused_and_a_loss_beyond_numbers_is_reported(problem):
    message = "step is 3; snapshots were taken at 0, 12"
    with pytest.raises(ntp.NTPDataError, match=message):
        trained(problem, snapshots=[0]).at(3)
    with pytest.raises(
        ntp.DidNotConvergeError, match=r"^the loss is no longer a number after \d+ steps; lower step_size"
    ):
        trained(problem, steps=20, step_size=1e30, num_records=2)


def test_contexts_are_taken_over_as_a_copy(problem):
    given = TOKENS.astype(np.int32)
    taken = valid_contexts(given, problem)
    given[0, 0] = 7
    assert (taken.dtype, taken[0, 0]) == (np.int64, 0)
    assert valid_contexts(TOKENS.astype(np.uint8).tolist(), problem).tolist() == TOKENS.tolist()


def test_contexts_of_a_text_are_numbered_by_its_vocabulary():
    data = ntp.NTPData.from_tokens(list("abacabbac"), context_length=2)
    numbers = numbered_contexts(data)
    named = [tuple(data.vocabulary[place] for place in row) for row in numbers]
    assert named == list(data.contexts)
    assert valid_contexts(numbers, data).shape == (data.num_contexts, 2)
    with pytest.raises(ntp.NTPDataError, match="context 'A' is no tuple of tokens"):
        numbered_contexts(ntp.synthetic.toy_2d())
    with pytest.raises(ntp.NTPDataError, match="context None"):
        numbered_contexts(ntp.NTPData(np.eye(2), [0.5, 0.5], np.eye(2)))
