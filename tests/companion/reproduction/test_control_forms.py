"""No control of the book is the observation turned round, rescaled or written down."""

import ast

import pytest
from book_copy import ROOT
from control_forms import checks_in, empty_form

from ntp_lib.companion.reproduction.notebooks import code_cells, python_source

CHECKS = [
    pytest.param(observed, control, id=name)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    for cell in code_cells(path)
    for name, observed, control in checks_in(python_source(cell))
]


def form(observed: str, control: str) -> str:
    return empty_form(*(ast.parse(text, mode="eval").body for text in (observed, control)))


def test_every_check_of_the_book_is_read() -> None:
    sources = "".join(cell.source for path in (ROOT / "notebooks").glob("*.ipynb") for cell in code_cells(path))
    assert len(CHECKS) == sources.count("check(\n") > 150


@pytest.mark.parametrize(("observed", "control"), CHECKS)
def test_control_could_pass(observed: ast.expr, control: ast.expr) -> None:
    assert empty_form(observed, control) == ""


@pytest.mark.parametrize(
    ("observed", "control", "wrong"),
    [
        ("x", "[['A', 'B']]", "a literal"),
        ("[slack(1), rises]", "[slack(2), True]", "a literal"),
        ("abs(H - 0.88)", "10.0", "a literal"),
        ("np.diff(gap).max()", "np.diff(gap[::-1]).max()", "the observation in reverse order"),
        ("verify(W)", "verify(-W)", "the observation with a sign changed"),
        ("np.diff(f(c)).min()", "np.diff(-f(c)).min()", "the observation with a sign changed"),
        ("ends / last", "last / ends", "the observation with its two sides exchanged"),
        ("(a - b).max()", "(b - a).max()", "the observation with its two sides exchanged"),
        ("1 - margin(W)", "1 - margin(0.999 * W)", "the observation with a number put in"),
        ("np.log(excess)", "np.log(excess + 0.05)", "the observation with a number put in"),
        ("f(x)", "f(x)", "the observation"),
    ],
)
def test_empty_forms_are_seen(observed: str, control: str, wrong: str) -> None:
    assert form(observed, control) == wrong


def test_honest_forms_pass() -> None:
    assert form("distance(same)", "distance(double)") == ""
    assert form("kkt(W_mm, A)", "kkt(separating, B)") == ""
    assert form("abs(slopes['plane'])", "abs(slopes['clash'])") == ""
    assert form("distance(seed)", "distance(seed + 1)") == ""
    assert form("lost(lambda c: c[1:])", "lost(lambda c: c[:-1])") == ""
