"""Mutants of what descent is made of: contexts and their frequencies, the loss, its gradient, the steps."""

from mutant import Mutant

LOSS = "ntp_lib/loss/cross_entropy.py"
SPLIT = "ntp_lib/loss/split.py"
RIDGE = "ntp_lib/trajectories/ridge.py"
OPTIMISERS = "ntp_lib/trajectories/optimisers.py"
SLOPE = "ntp_lib/loss/slope.py"
TOKENS = "ntp_lib/data/tokens.py"

DESCENT_MUTANTS = (
    # The longest first, so that no long one is left to run alone.
    Mutant(
        "Adam with its two decay rates exchanged",
        OPTIMISERS,
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
        "momentum that forgets everything but the first gradient",
        OPTIMISERS,
        "momentum * average + (1 - momentum) * fresh",
        "average",
        "geometry",
    ),
    Mutant(
        "tokens drawn with the number that drew their context",
        "ntp_lib/loss/token_draws.py",
        "rows + uniform[:, 1]",
        "rows + uniform[:, 0]",
        first="one-token",
    ),
    Mutant(
        "steps on single tokens that forget their label",
        "ntp_lib/trajectories/token_descent.py",
        "p[z] = -outside",
        "p[z] = outside",
        first="one-token",
    ),
)
