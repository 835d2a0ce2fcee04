"""Cases that take no time, with contenders that do whatever a test needs."""

from collections.abc import Callable

from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import ReportingJudge
from ntp_lib.companion.benchmarks.measuring import Effort
from ntp_lib.companion.benchmarks.records import Requirement, Target

EFFORT = Effort(repeats=3, peer_limit=1.0, budget=10.0, smoke=True)
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
        judge=lambda repeat: ReportingJudge(),
        contenders=(OURS, *peers),
        requirements=(ACCURATE,),
        targets=targets,
    )
