"""The mutants: one wrong line each, of the kind that a tired mathematician writes."""

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
    "thresholds",
    "geometry",
    "text-to-contexts",
    "logarithmic-time",
)
LOSS, SPLIT = "ntp_lib/loss/cross_entropy.py", "ntp_lib/loss/split.py"
SUBSPACE, DIFFERENCES = "ntp_lib/subspaces/subspace.py", "ntp_lib/subspaces/in_support.py"
COMPATIBILITY, MARGINS = "ntp_lib/conditions/compatibility.py", "ntp_lib/margins/margins.py"
CERTIFICATES, SOLUTION = "ntp_lib/margins/certificates.py", "ntp_lib/margins/solution.py"
FACE, REFERENCES = "ntp_lib/margins/splitting/face.py", "ntp_lib/limiting/limits.py"
RIDGE, OPTIMISERS = "ntp_lib/trajectories/ridge.py", "ntp_lib/trajectories/optimisers.py"
METHODS = "ntp_lib/trajectories/optimisers.py"
MEASUREMENTS = "ntp_lib/trajectories/measurements.py"
SLOPE = "ntp_lib/loss/slope.py"
FLOW_EARLY, FLOW_LATE = "ntp_lib/trajectories/flow_early.py", "ntp_lib/trajectories/flow_late.py"
FLOW, ASYMPTOTICS = "ntp_lib/trajectories/flow_integration.py", "ntp_lib/limiting/asymptotics.py"
DECOMPOSITION, CONFLICT = "ntp_lib/conditions/decomposition.py", "ntp_lib/conditions/log_odds_conflict.py"
NORMS, STEEPEST = "ntp_lib/margins/norms.py", "ntp_lib/trajectories/optimisers.py"
DATA, TOKENS = "ntp_lib/data/ntp_data.py", "ntp_lib/data/tokens.py"


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
    """

    name: str
    path: str
    old: str
    new: str
    first: str = NOTEBOOKS[0]
    figure_only: bool = False

    @property
    def notebooks(self) -> tuple[str, ...]:
        """The notebooks in the order in which this mutant meets them."""
        return (self.first, *(name for name in NOTEBOOKS if name != self.first))


MUTANTS = (
    # The longest first, so that no long one is left to run alone.
    Mutant(
        "Adam with its two decay rates exchanged",
        METHODS,
        "betas=betas",
        "betas=betas[::-1]",
        "overparameterised",
    ),
    Mutant(
        "normalised gradient descent without normalisation",
        OPTIMISERS,
        "new *= -step_size / length",
        "new *= -step_size",
        "overparameterised",
    ),
    Mutant(
        "context includes the token to be predicted",
        TOKENS,
        "codes[context_length:]",
        "codes[context_length - 1 : -1]",
        "text-to-contexts",
    ),
    Mutant(
        "contexts counted once each, not as often as they occur",
        TOKENS,
        "context_counts / len(ids)",
        "np.full(len(first), 1 / len(first))",
        "text-to-contexts",
    ),
    Mutant(
        "excess loss with equal weights for π̂",
        LOSS,
        "split.divergence @ block.context_probs",
        "split.divergence.mean(axis=1)",
        "text-to-contexts",
    ),
    Mutant(
        "gradient with equal weights for π̂",
        SLOPE,
        "return cls(block.embeddings, block.context_probs, block.probs)",
        "return cls(block.embeddings, np.full(len(block.probs), 1 / len(block.probs)), block.probs)",
        "regularisation-path",
    ),
    Mutant(
        "ridge gradient without λW",
        RIDGE,
        "self._gradient(splits) + penalty * W",
        "self._gradient(splits)",
        "regularisation-path",
    ),
    Mutant(
        "ridge minimiser of another penalty",
        RIDGE,
        "penalty * float(np.sum(W * W)) / 2, splits",
        "penalty * float(np.sum(W * W)), splits",
        "regularisation-path",
    ),
    Mutant("gradient with the wrong sign", SLOPE, "np.dot(work.T, self", "-np.dot(work.T, self"),
    Mutant(
        "gradient too long by one per cent",
        SLOPE,
        "return np.dot(work.T, self",
        "return 1.01 * np.dot(work.T, self",
        "regularisation-path",
    ),
    Mutant(
        "gradient without π̂",
        SLOPE,
        "return cls(block.embeddings, block.context_probs, block.probs)",
        "return cls(block.embeddings, np.ones(len(block.probs)), block.probs)",
    ),
    Mutant(
        "excess loss without π̂",
        LOSS,
        "split.divergence @ block.context_probs",
        "split.divergence.sum(axis=1)",
        "text-to-contexts",
    ),
    Mutant("smoothness without the half", LOSS, "ord=2) ** 2) / 2", "ord=2) ** 2)"),
    Mutant(
        "smoothness without π̂",
        LOSS,
        "data.embeddings * np.sqrt(data.context_probs)[:, None]",
        "data.embeddings",
        "overparameterised",
    ),
    Mutant(
        "offsets against the mean in-support logit, not its log-sum-exp",
        SPLIT,
        "logits - (level + log_partition)[..., None]",
        "logits - level[..., None]",
        "text-to-contexts",
    ),
    Mutant(
        "projection on the complement in place of F",
        SUBSPACE,
        "return first + self.embed(self.coordinates(decoder - first))",
        "return decoder - first - self.embed(self.coordinates(decoder - first))",
    ),
    Mutant(
        "coordinates on F read column by column",
        SUBSPACE,
        "return factors.Q.T @ W.ravel()",
        "return factors.Q.T @ W.ravel(order='F')",
    ),
    Mutant(
        "projection by AᵀA, without the inverse between the factors",
        SUBSPACE,
        "return factors.Q.T @ W.ravel()",
        "return factors.sigma**2 * (factors.Q.T @ W.ravel())",
    ),
    Mutant(
        "generators of F transposed",
        DIFFERENCES,
        "columns = tokens.astype(np.int64)[:, None] * dim + np.arange(dim)",
        "columns = tokens.astype(np.int64)[:, None] + self.data.vocab_size * np.arange(dim)",
    ),
    Mutant("rank of F without a tolerance", SUBSPACE, "keep = sigma > tolerance * sigma[0]", "keep = sigma > 0"),
    Mutant(
        "W* from −log p̂",
        COMPATIBILITY,
        "log_odds = np.log(F.data",
        "log_odds = -np.log(F.data",
        "reaching-the-entropy",
    ),
    Mutant(
        "W* from log-odds in bits",
        COMPATIBILITY,
        "log_odds = np.log(F.data",
        "log_odds = np.log2(F.data",
        "reaching-the-entropy",
    ),
    Mutant(
        "W* without division by the embeddings' lengths",
        COMPATIBILITY,
        " / norms[places]",
        "",
        "reaching-the-entropy",
    ),
    Mutant(
        "margin of the largest in-support logit, not the least",
        MARGINS,
        "np.where(block.support, logits, np.inf).min(axis=1)",
        "np.where(block.support, logits, -np.inf).max(axis=1)",
        "two-dimensions",
    ),
    Mutant(
        "margin against the least off-support logit, not the largest",
        MARGINS,
        "np.where(block.support, -np.inf, logits).max(axis=1)",
        "np.where(block.support, np.inf, logits).min(axis=1)",
        "reaching-the-entropy",
    ),
    Mutant(
        "margins verified without (6a)",
        CERTIFICATES,
        "if np.any(spreads > SPREAD",
        "if peak == 0 and np.any(spreads > SPREAD",
        "reaching-the-entropy",
    ),
    Mutant(
        "completion from the finite part for the supports as they are",
        DECOMPOSITION,
        "compatibility(self.equivalent).W_finite",
        "compatibility(self.data).W_finite",
        "when-conditions-fail",
    ),
    Mutant(
        "conflict over all of Σ|c|, not half of it",
        CONFLICT,
        "half = float(np.abs(C).sum()) / 2",
        "half = float(np.abs(C).sum())",
        "when-conditions-fail",
    ),
    Mutant(
        "certificates verified without Aᵀ·embeddings = 0",
        CERTIFICATES,
        "return float(np.linalg.norm(weights.T @ unit) / total)",
        "return 0.0",
        "reaching-the-entropy",
    ),
    Mutant(
        "support vectors from multipliers of the wrong sign",
        SOLUTION,
        "off = -self._arrays[2]",
        "off = self._arrays[2]",
        "two-dimensions",
    ),
    Mutant(
        "token blocks twice too large",
        FACE,
        "block = rows @ rows.T",
        "block = 2 * rows @ rows.T",
        "structured-solver",
    ),
    Mutant(
        "W^mm too short by one per cent",
        REFERENCES,
        "else np.asarray(to_numpy(self.svm.W))",
        "else 0.99 * np.asarray(to_numpy(self.svm.W))",
    ),
    Mutant("support of tokens above five per cent", DATA, "probs, probs > 0)", "probs, probs > 0.05)"),
    Mutant("entropy in bits", DATA, "@ np.log(values)", "@ np.log2(values)", "two-dimensions"),
    Mutant(
        "entropy with the wrong sign",
        DATA,
        "float(-(self.context_probs[self.support_rows] * values)",
        "float((self.context_probs[self.support_rows] * values)",
        "two-dimensions",
    ),
    Mutant(
        "finite error measured off F too",
        MEASUREMENTS,
        "references.F.lengths(corrected)",
        "np.linalg.norm(corrected, axis=(1, 2))",
        "two-dimensions",
    ),
    Mutant(
        "flow with half a clock off F",
        FLOW_EARLY,
        "(1 + t) * t * in_F, t * rest]",
        "(1 + t) * t * in_F, 0.5 * t * rest]",
        "logarithmic-time",
    ),
    Mutant(
        "moving frame that stands still",
        FLOW_LATE,
        "self.masses(s, rho)) - self.pairs.y_mm",
        "self.masses(s, rho))",
        "logarithmic-time",
    ),
    Mutant(
        "slaved part on the wrong side of its limit",
        FLOW_LATE,
        "pull_finite(taken - masses)",
        "pull_finite(masses - taken)",
        "logarithmic-time",
    ),
    Mutant(
        "flow without what the data cannot see of the start",
        FLOW,
        "space.embed_offset(rho) + self.untouched",
        "space.embed_offset(rho)",
        "logarithmic-time",
    ),
    Mutant(
        "rest point without the weights of the contexts",
        ASYMPTOTICS,
        "split.log_offsets + np.log(block.context_probs)[:, None]",
        "split.log_offsets",
        "logarithmic-time",
    ),
    Mutant(
        "a preconditioner in place of its inverse",
        NORMS,
        "return _length(W / root)",
        "return _length(W * root)",
        "geometry",
    ),
    Mutant(
        "momentum that forgets everything but the first gradient",
        STEEPEST,
        "momentum * average + (1 - momentum) * fresh",
        "average",
        "geometry",
    ),
)
