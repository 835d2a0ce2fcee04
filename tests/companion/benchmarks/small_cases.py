"""Cases that take no time, with contenders that do whatever a test needs."""

from collections.abc import Callable

from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender, Judge
from ntp_lib.companion.benchmarks.records import Conditions, Requirement, Target

CONDITIONS = Conditions("smoke", {"processor": "abacus"}, {"Python": "3"}, "0" * 64, 3, 1.0, 10.0)
ACCURATE = Requirement("error", "at most", 1e-6)


def answering(errors: dict[str, float]) -> Callable[..., Answer]:
    """A contender whose error depends on its setting."""
    return lambda problem, setting, limit: Answer({"error": errors[setting]})


OURS = Contender("ours", answering({"default": 0.0}), ours=True)


def case(*peers: Contender, targets: tuple[Target, ...] = ()) -> Case:
    return Case(
        id="svm/test",
        title="a test",
        parameters={"m": 3, "series": "m", "size": 3},
        problem=lambda repeat: repeat,
        judge=Judge,
        contenders=(OURS, *peers),
        requirements=(ACCURATE,),
        targets=targets,
    )
