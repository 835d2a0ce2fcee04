"""What a network has computed, taken as fixed embeddings: what the theory says of its decoder."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.compatibility import Compatibility, compatibility
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError
from ntp_lib.features.measurements import within_support
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.cross_entropy import excess_loss
from ntp_lib.margins.margins import margin
from ntp_lib.margins.separability import separability
from ntp_lib.margins.separability_verdict import Separability, Verdict, accepted
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.subspace import Subspace, subspace

# What a projection may leave of a decoder that lies in F, as a share of its length.
ROUNDING = 1e-12


@result
class Frozen:
    """A decoder beside the limits that the theory has for it if its embeddings stay as they are.

    Attributes:
        data: the labels with the network's embeddings.
        W: the network's decoder without its mean row, which no probability depends on, (V, d).
        F: the subspace of `data` (paper, eq. 5).
        compatibility: verdict and W* (paper, Def. 1).
        separability: verdict with its direction or certificate (paper, Def. 2), or undecided.
        svm: W^mm with its residuals; None where the data are not separable, or it is not known whether they are.
    """

    data: NTPData = field(repr=False)
    W: Floats = field(repr=False)
    F: Subspace = field(repr=False)
    compatibility: Compatibility
    separability: Separability
    svm: MarginSolution | None

    @property
    def limits(self) -> Limits:
        """What a decoder trained on these embeddings is compared with, for `train`."""
        why = (
            "" if self.svm is not None else "the embeddings are not separable, or it is not known whether they are"
        )
        return Limits(self.data, self.F, self.compatibility, self.svm, why, self.separability.certificate)

    @cached_property
    def W_off(self) -> Floats:
        """P_⊥ W, the part of the decoder that ties all in-support logits, (V, d)."""
        return np.asarray(self.W - self.F.project(self.W))

    @property
    def excess_loss(self) -> float:
        """CE − entropy of the network, nats."""
        return excess_loss(self.W, self.data)

    @property
    def log_odds_error(self) -> float:
        """Distance of the in-support logits from the log-odds, over the length of those; NaN where it is 0."""
        support = self.data.support_mask
        wanted = within_support(np.log(np.where(support, self.data.probs.toarray(), 1.0)), support)
        return _relative(within_support(self.data.embeddings @ self.W.T, support), wanted)

    @property
    def finite_error(self) -> float:
        """‖P_F W − W*‖/‖W*‖; NaN where there is no W*, or where it is zero."""
        found = self.compatibility
        return _relative(self.F.project(self.W), found.W_finite) if found.holds else float("nan")

    @property
    def fitted_error(self) -> float:
        """‖P_F W − W°‖/‖W°‖ with the minimiser of the loss in supports; NaN where it is zero or not reached."""
        try:
            return _relative(self.F.project(self.W), self.compatibility.W_finite)
        except DidNotConvergeError:
            return float("nan")

    @property
    def cosine(self) -> float:
        """Of P_⊥ W with W^mm; NaN without W^mm, and where P_⊥ W is no more than rounding."""
        return self.cosine_of(self.W)

    def cosine_of(self, decoder: npt.ArrayLike) -> float:
        """Cosine with W^mm of another decoder's part off F, (V, d), its mean row taken out; NaN as for `cosine`.

        Raises:
            NTPDataError: another shape.
        """
        other = _valid_decoder(decoder, self.data)
        if self.svm is None:
            return float("nan")
        off, best = np.asarray(other - self.F.project(other)), np.asarray(self.svm.W)
        length = _length_off(off, other)
        return float(np.vdot(off, best) / (length * np.linalg.norm(best))) if length else float("nan")

    @property
    def attainable(self) -> float:
        """The largest margin of a decoder of length one on embeddings of mean square one; 0 without any.

        That is √m/(‖W^mm‖ ‖H‖), a number that scaling the embeddings does not change; NaN where undecided.
        """
        if self.svm is None:
            return 0.0 if self.separability.holds is False else float("nan")
        lengths = np.linalg.norm(self.svm.W) * np.linalg.norm(self.data.embeddings)
        return float(np.sqrt(self.data.num_contexts) / lengths)

    @property
    def attained(self) -> float:
        """Margin of P_⊥ W as a share of the largest at its length, at most 1 up to rounding; NaN as `cosine`."""
        length = _length_off(self.W_off, self.W)
        if self.svm is None or not length:
            return float("nan")
        return margin(self.W_off, self.data) * float(np.linalg.norm(self.svm.W)) / length

    @property
    def summary(self) -> dict[str, float | bool | None]:
        """One row of a table: verdicts, lengths and distances, by the names of the properties here."""
        return {
            "compatible": self.compatibility.holds,
            "separable": self.separability.holds,
            "excess_loss": self.excess_loss,
            "log_odds_error": self.log_odds_error,
            "finite_error": self.finite_error,
            "cosine": self.cosine,
            "attainable": self.attainable,
            "attained": self.attained,
            "svm_norm": float("nan") if self.svm is None else float(np.linalg.norm(self.svm.W)),
        }


@small_problems_on_one_thread
def frozen(data: NTPData, W: npt.ArrayLike, H: npt.ArrayLike, *, time_limit: float = 60.0) -> Frozen:
    """Hold a network's embeddings fixed, and compute what the theory says of a decoder trained on them.

    Where the part of the network's own decoder off F has a margin, it is the direction that proves the embeddings
    separable. Otherwise a direction or a certificate is searched for, and where none is found in time the verdict
    is undecided. W^mm is computed where there is a direction.

    Args:
        data: π̂ and p̂ of the contexts; its embeddings are not used.
        W: the network's decoder, (V, d).
        H: the network's embeddings of the m contexts, (m, d).
        time_limit: seconds for the search.

    Raises:
        NTPDataError: shapes that do not fit, or numbers that are not finite.
        DidNotConvergeError: there is a direction, but W^mm was not reached; or compatibility was not decided.

    Example:
        >>> from ntp_lib import synthetic
        >>> plane = synthetic.toy_2d()
        >>> report = frozen(plane, [[0.0, 0.0]] * 5, plane.embeddings)
        >>> report.separability.holds, report.finite_error
        (True, 1.0)
    """
    time_limit = real_number(time_limit, "time_limit", least=0, infinite=True)
    problem = with_embeddings(data, H)
    decoder = _valid_decoder(W, problem)
    problem.require_out_of_support()
    F = subspace(problem)
    verdict = accepted(problem, np.asarray(decoder - F.project(decoder)))
    if verdict is None:
        verdict = separability(problem, F=F, time_limit=time_limit)
    verdict, svm = _margin(problem, verdict)
    return Frozen(problem, decoder, F, compatibility(problem, F=F), verdict, svm)


def with_embeddings(data: NTPData, H: npt.ArrayLike) -> NTPData:
    """The same labels on other embeddings, (m, d).

    Raises:
        NTPDataError: not one row per context, or numbers that are not finite.
    """
    rows = real_array(H, "H", "(m, d)")
    if rows.ndim != 2 or len(rows) != data.num_contexts:
        raise NTPDataError(
            f"H has shape {rows.shape}; it must be (m, d), one row for each of the {data.num_contexts} contexts"
        )
    return NTPData(
        rows,
        data.context_probs,
        data.next_token_probs,
        vocabulary=data.vocabulary,
        contexts=data.contexts,
        num_sequences=data.num_sequences,
    )


def _margin(problem: NTPData, verdict: Separability) -> tuple[Separability, MarginSolution | None]:
    """W^mm where there is a direction; one that proves to be rounding is replaced by its certificate."""
    if verdict.holds is not True:
        return verdict, None
    try:
        return verdict, ntp_svm(problem)
    except NotSeparableError as error:
        return Separability(problem, Verdict.NOT_SEPARABLE, certificate=error.certificate), None


def _length_off(off: Floats, decoder: Floats) -> float:
    """‖P_⊥ W‖; zero where the projection leaves nothing but its own rounding."""
    length = float(np.linalg.norm(off))
    return length if length > ROUNDING * float(np.linalg.norm(decoder)) else 0.0


def _relative(found: Floats, wanted: Floats) -> float:
    length = float(np.linalg.norm(wanted))
    return float(np.linalg.norm(found - wanted)) / length if length else float("nan")


def _valid_decoder(W: npt.ArrayLike, data: NTPData) -> Floats:
    rows = real_array(W, "W", "(V, d)")
    if rows.shape != (data.vocab_size, data.dim):
        raise NTPDataError(f"W has shape {rows.shape}; it must be (V, d) = ({data.vocab_size}, {data.dim})")
    if not np.isfinite(rows).all():
        z = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise NTPDataError(f"W: row {z} holds numbers that are not finite; all of them must be")
    return np.asarray(rows - rows.mean(axis=0))
