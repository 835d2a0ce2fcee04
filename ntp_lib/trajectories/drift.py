"""How sampled tokens carry Adam along F_⊥ however large the margins are (book, eq-adam-drift)."""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.sampled import valid_batch_size
from ntp_lib.numerics.aliases import Floats


def token_drift(references: Limits, *, betas: tuple[float, float], batch_size: int = 1) -> Floats:
    """P_⊥(W_{k+1} − W_k) / η in the mean, for Adam on sampled tokens at W* with infinite margins, (V, d).

    To first order in 1 − β₂ and for η far below it: the Δ in F_⊥ with P⁻¹ ⊙ (Δ − B) in F, where P = 1/σ and
    B = ½ c E[g³] / σ³ entry by entry, σ² = E[g²], c = (1−β₁)(1−β₂)/(1−β₁β₂), g the sampled gradient at W*. An
    entry that F does not reach has g = 0 and does not move.

    Args:
        references: the problem with its F; of compatible data.
        betas: Adam's decay rates.
        batch_size: pairs of a context and a token drawn for a step; the drift falls with its root.

    Raises:
        NTPDataError: the data are not compatible: even whole distributions then keep their noise.
        DidNotConvergeError: F is too large for an orthonormal basis.
    """
    data, F = references.data, references.F
    if not references.compatibility.holds:
        raise NTPDataError("the drift of sampled tokens is known at W*, and the data are not compatible")
    beta1, beta2 = betas
    p, H, weights = data.next_token_probs, data.embeddings, data.context_probs[:, None]
    # g_v = p_v − 1{z = v} has the second moment p(1−p) and the third −p(1−p)(1−2p).
    variance = p * (1 - p)
    second = (weights * variance).T @ H**2
    third = (weights * variance * (2 * p - 1)).T @ H**3
    reached = second > 0
    P = np.divide(1.0, np.sqrt(second), out=np.zeros_like(second), where=reached)
    rate = (1 - beta1) * (1 - beta2) / (1 - beta1 * beta2) / np.sqrt(valid_batch_size(batch_size, data))
    B = 0.5 * rate * third * P**3
    Q = F.factorisation.Q
    if Q is None:
        raise DidNotConvergeError("F is too large for an orthonormal basis; take fewer contexts or tokens")
    scaled = P.ravel()[:, None] * Q
    return np.asarray(B - (scaled @ np.linalg.solve(Q.T @ scaled, Q.T @ B.ravel())).reshape(B.shape))
