"""Forms of a control that no wrong result could make pass: read from the call, nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

NAMES = {"at_most", "at_least", "equals", "control", "reason", "scope"}


def checks_in(source: str) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Name, observation and control of every call of `check`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "check":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if "control" in given and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), node.args[1], given["control"]


def empty_form(observed: ast.expr, control: ast.expr) -> str:
    """What is wrong with the form of a control; empty where nothing is seen."""
    if isinstance(control, ast.List | ast.Tuple) and control.elts:
        parts = observed.elts if isinstance(observed, ast.List | ast.Tuple) else []
        pairs = zip([*parts, *[observed] * len(control.elts)], control.elts, strict=False)
        return next((found for pair in pairs if (found := empty_form(*pair))), "")
    if not any(isinstance(node, ast.Name | ast.Attribute) for node in ast.walk(control)):
        return "a literal"
    if any(map(_reversed, ast.walk(control))) and not any(map(_reversed, ast.walk(observed))):
        return "the observation in reverse order"
    if _same(observed, control):
        return "the observation"
    return _arithmetic(observed, control)


def _arithmetic(observed: ast.expr, control: ast.expr) -> str:
    """Differences that are the observation negated, rescaled, inverted or shifted by a number."""
    for theirs, mine in _differing(observed, control):
        if isinstance(theirs, ast.Constant):
            continue
        if isinstance(mine, ast.UnaryOp) and isinstance(mine.op, ast.USub) and _same(mine.operand, theirs):
            return "the observation with a sign changed"
        if isinstance(mine, ast.BinOp):
            left, right = mine.left, mine.right
            for kept, added in ((left, right), (right, left)):
                if _same(kept, theirs) and _rescales(mine.op, added):
                    return "the observation with a number put in"
            exchanged = isinstance(theirs, ast.BinOp) and isinstance(theirs.op, type(mine.op))
            if exchanged and isinstance(mine.op, ast.Div | ast.Sub):
                assert isinstance(theirs, ast.BinOp)
                if _same(left, theirs.right) and _same(right, theirs.left):
                    return "the observation with its two sides exchanged"
    return ""


def _rescales(operation: ast.operator, number: ast.expr) -> bool:
    """Times a number, or plus a fraction; a whole number added is another seed, size or place."""
    if not isinstance(number, ast.Constant):
        return False
    return isinstance(operation, ast.Mult | ast.Div) or isinstance(number.value, float)


def _differing(observed: ast.AST, control: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Pairs of the smallest parts that differ, and every pair on the way down to them."""
    if _same(observed, control):
        return
    yield observed, control
    mine, theirs = list(ast.iter_child_nodes(control)), list(ast.iter_child_nodes(observed))
    if type(observed) is type(control) and len(mine) == len(theirs):
        for one, other in zip(theirs, mine, strict=True):
            yield from _differing(one, other)


def _reversed(node: ast.AST) -> bool:
    return isinstance(node, ast.Slice) and node.step is not None and ast.unparse(node.step) == "-1"


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) == ast.dump(other)
