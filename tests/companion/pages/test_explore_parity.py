"""The explorable page computes what the library computes, on forty problems; broken, it does not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from explore_page import answers, mathematics
from explore_problems import TIMES, TOY, V, problems

import ntp_lib as ntp
from ntp_lib.trajectories.initialisation import lecun

pytestmark = pytest.mark.browser

# Both sides solve the same equations by different routes, each to rounding; a thin margin magnifies it.
EXACT = 1e-6
# The flow: the tolerance of both integrations, 1e-9, times what a thousand time units make of it.
FLOW = {"logExcess": 1e-6, "norm": 1e-6, "gap": 1e-6, "gapCorrected": 1e-5, "logFinite": 1e-5}
COLUMNS = {
    "logExcess": "log_excess",
    "norm": "norm",
    "gap": "one_minus_cosine",
    "gapCorrected": "one_minus_cosine_corrected",
    "logFinite": "log_finite_error",
}
RELATIVE = ("norm", "gap", "gapCorrected")
MUTANTS = {
    "a RODAS coefficient": {"rodas": ("11.7089089320616", "11.7189089320616")},
    "the pivot of NNLS": {"cones": ("slope > top) [top, best]", "slope < top) [top, best]")},
    "the order of LU": {"linear": ("[b[order[k]], b[k]]", "[b[k], b[order[k]]]")},
    "the sign of a multiplier": {"separation": ("A[j * p.V + v] -= lambda[i]", "A[j * p.V + v] += lambda[i]")},
}


def _far(found: Any, expected: Any) -> float:
    """Largest difference, relative to the largest entry where that exceeds one."""
    a, b = np.asarray(found, float), np.asarray(expected, float)
    return float(np.max(np.abs(a - b)) / max(1.0, float(np.max(np.abs(b)))))


def _rebuilt(problem: dict[str, Any], A: Any) -> Any:
    return np.reshape(A, (-1, V)).T @ np.reshape(problem["H"], (-1, 2))


def _farkas(problem: dict[str, Any], A: Any) -> float:
    """By how much a certificate of not being separable fails, relative to its weight off the supports."""
    rows, off = np.reshape(A, (-1, V)), np.reshape(problem["P"], (-1, V)) == 0
    weight = -float(rows[off].sum())
    wrong = max(
        float(np.abs(_rebuilt(problem, A)).max()), float(np.abs(rows.sum(1)).max()), float(rows[off].max())
    )
    return wrong / weight if weight > 1e-6 else 1.0


def _errors(problem: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return (error, bar) of everything the page says about a problem."""
    exact = (
        "entropy",
        "smoothness",
        "W_finite",
        "residual",
        "kappa",
        "W_mm",
        "W_mm_limit",
        "completed",
        "infimum",
    )
    errors = {key: (_far(found[key], problem[key]), EXACT) for key in exact if key in problem}
    errors["gradient descent"] = (_far(found["W_gd"], problem["W_gd"]), 1e-9)
    for key in ("dim", "compatible", "separable"):
        errors[key] = (float(found[key] != problem[key]), 0.0)
    if problem["separable"]:
        errors["multipliers"] = (_far(_rebuilt(problem, found["A"]).ravel(), problem["W_mm"]), EXACT)
    else:
        errors["bounded pairs"] = (_far(found["bounded"], problem["bounded"]), 0.0)
        errors["certificate"] = (_farkas(problem, found["A"]), 1e-9)
    for key, bar in FLOW.items() if "flow" in problem else ():
        if key == "logFinite" and not np.isfinite(problem["flow"][COLUMNS[key]]).all():
            continue
        expected = problem["flow"][COLUMNS[key]].to_numpy()
        error = np.abs(np.asarray(found["flow"][key], float) - expected)
        errors[f"flow: {key}"] = (float(np.max(error / expected if key in RELATIVE else error)), bar)
    return errors


def _failures(view: Any, asked: list[dict[str, Any]]) -> list[str]:
    failures = []
    for problem in asked:
        try:
            found = answers(view, problem, TIMES if "flow" in problem else [])
            errors = _errors(problem, found)
        except Exception as error:  # a broken script may also stop
            failures.append(f"{problem['name']}: {error}")
            continue
        failures += [f"{problem['name']}: {k} off by {e:.1e}" for k, (e, bar) in errors.items() if not e <= bar]
    return failures


@pytest.fixture(scope="module")
def view(browser: Any) -> Iterator[Any]:
    """The page's mathematics in Chromium."""
    page = mathematics(browser)
    yield page
    page.close()


def test_problems_are_of_every_kind() -> None:
    """The forty problems have both verdicts both ways, and flows on either side."""
    asked = problems()
    assert len(asked) == 40
    for key in ("compatible", "separable"):
        assert 10 <= sum(problem[key] for problem in asked) <= 34
    assert {problem["separable"] for problem in asked if "flow" in problem} == {True, False}


def test_the_page_agrees_with_the_library(view: Any) -> None:
    """Verdicts are equal, numbers agree, in Chromium."""
    assert _failures(view, list(problems())) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_page_does_not(browser: Any, mutant: str) -> None:
    """Control: with one wrong coefficient, pivot or sign some problem is off."""
    page = mathematics(browser, MUTANTS[mutant])
    asked = [problem for problem in problems() if "flow" in problem][:6]
    assert _failures(page, asked)
    page.close()


def test_the_law_is_spoken_of_only_where_it_has_settled(view: Any) -> None:
    """At log t = 1000 the law is the angle to one per cent, and the library's law, wherever the page draws it."""
    settled = 0
    for problem in problems():
        if "law" not in problem:
            continue
        law = answers(view, problem, [*TIMES[:-1], 500.0, TIMES[-1]])["law"]
        if not law["settled"]:
            continue
        settled += 1
        actual = problem["flow"]["one_minus_cosine"].iloc[-1]
        assert abs(law["gap"] / actual - 1) < 0.01, problem["name"]
        assert abs(law["gap"] / problem["law"] - 1) < 0.02, problem["name"]
    assert settled >= 8


@pytest.mark.parametrize("second", [(45.0, 2**0.5), (42.0, 1.35)], ids=["idle", "nearly idle"])
def test_the_law_is_not_spoken_of_where_margins_tie(view: Any, second: tuple[float, float]) -> None:
    """Control: an idle support vector leaves the drift without a limit, a nearly idle one without one in sight."""
    problem = {
        "m": 2,
        "V": V,
        "d": 2,
        "pi": [0.5, 0.5],
        "P": [1, 0, 0, 0, 0] * 2,
        "W0": [0.1 * i for i in range(10)],
    }
    angle = np.deg2rad(second[0])
    problem["H"] = [1.0, 0.0, float(second[1] * np.cos(angle)), float(second[1] * np.sin(angle))]
    law = answers(view, problem, [*TIMES[:-1], 500.0, TIMES[-1]])["law"]
    assert not law["settled"]


def test_examples_are_the_books(view: Any) -> None:
    """The first example and its start are the library's, to the last bit."""
    toy = ntp.synthetic.toy_2d()
    found = view.evaluate("""() => { const { problemOf, contextsOf, example, startOf } = NTP.state;
      const p = problemOf(contextsOf(example('toy')));
      return [p.H, p.P, p.pi, startOf(0)].map((a) => Array.from(a)); }""")
    expected = (toy.embeddings, toy.probs.toarray(), toy.context_probs)
    for have, want in zip(found, expected, strict=False):
        np.testing.assert_allclose(have, np.ravel(want), rtol=0, atol=1e-15)
    np.testing.assert_array_equal(found[3], lecun(toy, seed=0).ravel())
    np.testing.assert_array_equal(np.ravel(TOY), toy.probs.toarray().ravel())
