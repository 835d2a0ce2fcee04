"""Problems for the explorable page with the library's answers: its own examples, corners, and random draws."""

import functools
from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.limiting.asymptotics import asymptotics
from ntp_lib.trajectories.initialisation import lecun

COUNT, SEED = 40, 7
V = 5
TIMES = [-2.0, 0.0, 3.0, 8.0, 15.0, 30.0, 100.0, 1000.0]
TOY = np.array([[0, 0.35, 0.6, 0.05, 0], [0.55, 0.05, 0, 0, 0.4], [0.15, 0, 0, 0.3, 0.55]])
CLASH = np.array([[0.5, 0.25, 0.25, 0, 0], [0.5, 0.5, 0, 0, 0], [0.5, 0.25, 0, 0.25, 0]])
CORNERS = {
    "toy": ([90, 210, 330], TOY),
    "not compatible": ([150, 90, 30], CLASH),
    "C at 150": ([90, 210, 150], TOY),
    "one word each": ([90, 210, 330], np.eye(V)[[2, 1, 3]]),
    "near the border": ([90, 210, 275], TOY),
}


@functools.cache
def problems() -> tuple[dict[str, Any], ...]:
    """Return `COUNT` problems with answers; every second has the flow, which costs most of the time."""
    rng = np.random.default_rng(SEED)
    made = [(name, _data(degrees, probs)) for name, (degrees, probs) in CORNERS.items()]
    while len(made) < COUNT:
        data = _drawn(rng)
        if (data.probs.toarray() == 0).any():
            made.append((f"random {len(made)}", data))
    return tuple(_answers(name, data, i, with_flow=i % 2 == 0) for i, (name, data) in enumerate(made))


def _data(degrees: Any, probs: Any, lengths: Any = 1.0, weights: Any = None) -> ntp.NTPData:
    angles = np.deg2rad(degrees)
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)]) * np.reshape(lengths, (-1, 1))
    return ntp.NTPData(embeddings, np.full(len(angles), 1 / len(angles)) if weights is None else weights, probs)


def _drawn(rng: np.random.Generator) -> ntp.NTPData:
    m = int(rng.integers(2, 6))
    probs = np.zeros((m, V))
    for row in probs:
        size = int(rng.integers(1, V))
        row[rng.choice(V, size, replace=False)] = rng.dirichlet(np.ones(size)) * 0.9 + 0.1 / size
    spread = rng.choice([360.0, 150.0])
    return _data(rng.uniform(0, spread, m), probs, rng.uniform(0.5, 1.5, m), rng.dirichlet(np.full(m, 5.0)))


def _answers(name: str, data: ntp.NTPData, seed: int, *, with_flow: bool) -> dict[str, Any]:
    W0 = lecun(data, seed=seed)
    compatible, separable = ntp.compatibility(data), ntp.separability(data)
    row: dict[str, Any] = {
        "name": name,
        "H": data.embeddings.ravel().tolist(),
        "pi": data.context_probs.tolist(),
        "P": data.probs.toarray().ravel().tolist(),
        "m": data.num_contexts,
        "V": V,
        "d": 2,
        "W0": W0.ravel().tolist(),
        "dim": compatible.F.dim,
        "entropy": data.entropy,
        "compatible": bool(compatible.holds),
        "residual": compatible.residual,
        "kappa": compatible.conflict or 0.0,
        "W_finite": compatible.W_finite.ravel(),
        "separable": bool(separable.holds),
        "smoothness": ntp.smoothness(data),
        "W_gd": ntp.train(data, step_size=1.0, steps=1000, W0=W0).W.ravel(),
    }
    limit = data
    if separable.holds:
        row["W_mm"] = ntp.ntp_svm(data).W.ravel()
    else:
        found = ntp.decomposition(data)
        limit = found.completed
        row |= {"bounded": found.bounded.ravel().astype(float), "infimum": found.infimum}
    row["completed"] = limit.probs.toarray().ravel()
    if separable.holds or found.diverging.any():
        references = ntp.limits(limit)
        row["W_mm_limit"] = references.W_mm.ravel()
        if with_flow:
            row |= _flow(limit, references, W0)
    return row


def _flow(data: ntp.NTPData, references: Any, W0: Any) -> dict[str, Any]:
    flow = ntp.gradient_flow(data, log_times=TIMES, W0=W0, references=references, tolerance=1e-9)
    law = asymptotics(references)
    row = {"flow": flow.frame}
    if law.generic:
        row["law"] = float(
            law.one_minus_cosine(TIMES[-1], free=law.free_part(flow.W(len(TIMES) - 1)), refined=True)
        )
    return row
