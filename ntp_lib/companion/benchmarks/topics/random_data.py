"""Random problems by their sizes, and cases on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Case, Contender, Judge
from ntp_lib.companion.benchmarks.records import Requirement, Target, Value
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.limiting.limits import Limits

# m, d, V and the number of next tokens per context.
Sizes = tuple[int, int, int, int]
SMALL, PAPER = (6, 8, 5, 2), (50, 60, 10, 6)


def random_problem(sizes: Sizes, seed: int) -> NTPData:
    """`synthetic.random` with as many sequences as the sizes need at least."""
    m, d, V, S = sizes
    return ntp.synthetic.random(
        num_contexts=m, dim=d, vocab_size=V, support_size=S, num_sequences=max(5000, 10 * m * S), seed=seed
    )


@lru_cache(maxsize=2)
def references(sizes: Sizes) -> Limits:
    """F, W* and W^mm of the first problem of these sizes."""
    return ntp.references(random_problem(sizes, 0))


def random_case(
    name: str,
    title: str,
    sizes: Sizes,
    judge: Callable[[], Judge],
    requirements: tuple[Requirement, ...],
    contenders: tuple[Contender, ...],
    *targets: Target,
    limits: bool = False,
    products: bool = False,
    series: tuple[str, float] | None = None,
) -> Case:
    """The same problem in every repeat; in a series, data of another seed in each.

    With `limits` contenders use `references`, which are computed before the clock starts; then the seed stays.
    """

    def problem(repeat: int) -> NTPData:
        if limits:
            references(sizes)
        return random_problem(sizes, repeat if series and not limits else 0)

    parameters: dict[str, Value] = dict(zip(("m", "d", "V", "S"), sizes, strict=True))
    if series:
        parameters |= {"series": series[0], "size": series[1]}
    case = partial(Case, products=products, requirements=requirements, contenders=contenders, targets=targets)
    return case(f"{name}-{'-'.join(map(str, sizes))}", f"{title} {sizes}", parameters, problem, judge)
