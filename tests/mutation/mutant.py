"""A mutant: one wrong line, and the notebooks or the tests that may notice it."""

from __future__ import annotations

from dataclasses import dataclass

# In the order in which they are tried, cheapest first.
NOTEBOOKS = (
    "gradient-descent-proofs",
    "reaching-the-entropy",
    "two-dimensions",
    "regularisation-path",
    "errata",
    "overparameterised",
    "when-conditions-fail",
    "structured-solver",
    "learned-embeddings",
    "contrastive",
    "supports",
    "concepts",
    "one-token",
    "thresholds",
    "geometry",
    "text-to-contexts",
    "logarithmic-time",
)


@dataclass(frozen=True)
class Mutant:
    """One edit of the library.

    Attributes:
        name: what is wrong.
        path: the module, relative to the repository.
        old: the text replaced; it must occur once.
        new: what takes its place.
        first: the notebook tried first, where another than the cheapest is likely to notice.
        figure_only: no check is expected to notice, so that `ntp verify` turns red but `ntp claims` does not.
        tests: where no notebook reaches the line, the test files, relative to the repository, that have to notice.
    """

    name: str
    path: str
    old: str
    new: str
    first: str = NOTEBOOKS[0]
    figure_only: bool = False
    tests: tuple[str, ...] = ()

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The notebooks in the order in which this mutant meets them."""
        return (self.first, *(name for name in NOTEBOOKS if name != self.first))
