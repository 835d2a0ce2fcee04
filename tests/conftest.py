"""Shared by all tests: one BLAS thread each, hypothesis without a time limit, random small problems."""

import os

# Two workers with a pool of BLAS threads each fight over the cores; set before NumPy is loaded.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

from ntp_lib import NTPData  # noqa: E402

# A busy machine is not a failing test, and the same commit gets the same verdict; a person may look further with
# HYPOTHESIS_PROFILE=search.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _random_problem(seed, *, m=4, d=3, V=5, sizes=(1, None), concentration=1.0):
    """Gaussian contexts with supports of random sizes in `sizes` (V where None), Dirichlet probabilities.

    At least one context keeps a token out of its support unless `sizes` asks for whole vocabularies only.
    """
    rng = np.random.default_rng(seed)
    least, most = sizes[0], V if sizes[1] is None else sizes[1]
    probs = np.zeros((m, V))
    for j in range(m):
        top = min(most, V - 1) if j == 0 and least < V else most
        support = rng.choice(V, rng.integers(least, top + 1), replace=False)
        probs[j, support] = rng.dirichlet(np.full(len(support), concentration)) + 1e-3
    weights = rng.dirichlet(np.full(m, 5.0)) + 1e-3
    return NTPData(rng.standard_normal((m, d)), weights / weights.sum(), probs / probs.sum(axis=1, keepdims=True))


@pytest.fixture(scope="session")
def random_problem():
    """A function of a seed and of sizes that returns a random small problem."""
    return _random_problem
