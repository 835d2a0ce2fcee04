"""Mutants of what descent tends to: F, W*, the margins and W^mm, the entropy, and the flow in logarithmic time."""

from mutant import Mutant

SUBSPACE = "ntp_lib/subspaces/subspace.py"
DIFFERENCES = "ntp_lib/subspaces/in_support.py"
FIT = "ntp_lib/conditions/log_odds_fit.py"
MARGINS = "ntp_lib/margins/margins.py"
CERTIFICATES = "ntp_lib/margins/certificates.py"
SOLUTION = "ntp_lib/margins/solution.py"
FACE = "ntp_lib/margins/splitting/face.py"
REFERENCES = "ntp_lib/limiting/limits.py"
MEASUREMENTS = "ntp_lib/trajectories/measurements.py"
FLOW_EARLY = "ntp_lib/trajectories/flow_early.py"
FLOW_LATE = "ntp_lib/trajectories/flow_late.py"
FLOW_POINTS = "ntp_lib/trajectories/flow_points.py"
ASYMPTOTICS = "ntp_lib/limiting/asymptotics.py"
DECOMPOSITION = "ntp_lib/conditions/decomposition.py"
CONFLICT = "ntp_lib/conditions/log_odds_conflict.py"
NORMS = "ntp_lib/margins/norms.py"
DATA = "ntp_lib/data/ntp_data.py"

LIMIT_MUTANTS = (
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
        FIT,
        "return nearest_decoder(F, log_odds)",
        "return nearest_decoder(F, -log_odds)",
        "reaching-the-entropy",
    ),
    Mutant(
        "W* from log-odds in bits",
        FIT,
        "return nearest_decoder(F, log_odds)",
        "return nearest_decoder(F, log_odds / np.log(2))",
        "reaching-the-entropy",
    ),
    Mutant(
        "W* without division by the embeddings' lengths",
        FIT,
        " / norms[places]",
        "",
        "reaching-the-entropy",
    ),
    Mutant(
        "margin of the largest in-support logit, not the least",
        MARGINS,
        "lowest = np.minimum.reduceat(",
        "lowest = np.maximum.reduceat(",
        "two-dimensions",
    ),
    Mutant(
        "margin against the least off-support logit, not the largest",
        MARGINS,
        "lowest - logits.max(axis=1)",
        "lowest - np.where(np.isfinite(logits), logits, np.inf).min(axis=1)",
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
        "chosen = -off > threshold * -off.min(initial=0.0)",
        "chosen = off > threshold * off.max(initial=0.0)",
        "two-dimensions",
    ),
    Mutant(
        "token blocks twice too large",
        FACE,
        "block = gram[flat]",
        "block = 2 * gram[flat]",
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
        "np.concatenate([turned, t * rest])",
        "np.concatenate([turned, 0.5 * t * rest])",
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
        FLOW_POINTS,
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
)
