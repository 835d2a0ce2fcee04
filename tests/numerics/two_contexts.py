"""Data of two contexts, any part of which may be changed."""

import numpy as np

import ntp_lib as ntp

PROBS = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
WEIGHTS = [0.25, 0.75]


def build(**changes):
    return ntp.NTPData(**{"embeddings": np.eye(2), "context_probs": WEIGHTS, "next_token_probs": PROBS, **changes})
