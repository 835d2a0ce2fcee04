"""Gradient descent on a decoder and on free embeddings together (book, learned embeddings)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import pandas as pd
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.features.measurements import FeatureReferences, feature_references_of, measure_features
from ntp_lib.loss.slope import Slope
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.real_steps import LARGEST_SQUARE
from ntp_lib.trajectories.training import recorded_steps, valid_schedule


@result
class FeatureTraining:
    """Outcome of `train_features`.

    Attributes:
        W: the last decoder, (V, d).
        H: the last embeddings, (m, d).
        frame: one row per recorded step: step and the columns of `measure_features`.
        references: what it was measured against.
    """

    W: Floats = field(repr=False)
    H: Floats = field(repr=False)
    frame: pd.DataFrame = copied()
    references: FeatureReferences = field(repr=False)


def train_features(
    data: NTPData,
    *,
    dim: int,
    step_size: float = 0.5,
    steps: int = 10_000,
    ridge: float = 0.0,
    scale: float = 0.1,
    seed: int = 0,
    references: FeatureReferences | None = None,
    num_records: int | None = 60,
    progress: bool = False,
) -> FeatureTraining:
    """Minimise CE(H Wᵀ) + ½λ(‖W‖² + ‖H‖²) over W and H by gradient descent with one step size.

    Args:
        data: supports and probabilities; its embeddings are not used.
        dim: d, the common dimension of decoder rows and embeddings.
        step_size: η.
        steps: number of steps.
        ridge: λ.
        scale: entries start as independent N(0, scale²/d).
        seed: of the start.
        references: L* and L^mm, if already computed.
        num_records: how many steps are recorded, as in `train`.
        progress: show a progress bar.

    Raises:
        NTPDataError: an argument outside its range, or no token out of support.
        DidNotConvergeError: the weights left the range of float64.
    """
    dim, seed = whole_number(dim, "dim", least=1), whole_number(seed, "seed")
    steps, num_records = valid_schedule(steps, num_records)
    step_size, scale = real_number(step_size, "step_size", above=0), real_number(scale, "scale", above=0)
    ridge = real_number(ridge, "ridge", least=0)
    references = feature_references_of(data, references)
    slope = Slope(references.data)
    W, H = random_start(data, dim=dim, scale=scale, seed=seed)
    rows, done = [], 0
    with tqdm(total=steps, desc="features", unit="step", disable=not progress) as bar:
        for target in recorded_steps(steps, num_records):
            with np.errstate(over="ignore", invalid="ignore"):
                for _ in range(done, target):
                    # Residuals as a matrix of shape (V, m): the embeddings of these data are the standard basis.
                    residuals = slope(W @ H.T)
                    step_W, step_H = residuals @ H + ridge * W, residuals.T @ W + ridge * H
                    W, H = W - step_size * step_W, H - step_size * step_H
                length = np.vdot(W, W) + np.vdot(H, H)
            if not length <= np.sqrt(LARGEST_SQUARE):  # logits are products of the two
                raise DidNotConvergeError(
                    f"the weights left the range of float64 by step {target}; lower step_size"
                )
            bar.update(target - done)
            done = target
            rows.append({"step": done, **measure_features(W, H, references)})
    return FeatureTraining(W, H, pd.DataFrame(rows), references)


def random_start(data: NTPData, *, dim: int, scale: float, seed: int) -> tuple[Floats, Floats]:
    """W (V, d) and H (m, d) with independent N(0, scale²/d) entries."""
    rng = np.random.default_rng(seed)
    width = scale / np.sqrt(dim)
    return (
        width * rng.standard_normal((data.vocab_size, dim)),
        width * rng.standard_normal((data.num_contexts, dim)),
    )
