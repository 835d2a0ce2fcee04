"""Symmetric positive definite matrices by Cholesky's method, in NumPy (LAPACK) or torch."""

from __future__ import annotations

from collections.abc import Callable

import array_api_compat
import numpy as np
import scipy.linalg

from ntp_lib.margins.splitting.problem import Array


def inverse(matrix: Array) -> Array | None:
    """The inverse, symmetric, or None where rounding leaves the matrix indefinite."""
    if array_api_compat.is_torch_array(matrix):
        import torch

        factor, info = torch.linalg.cholesky_ex(matrix)
        return None if int(info) else torch.cholesky_inverse(factor)
    lower, failed = scipy.linalg.lapack.dpotrf(matrix, lower=1)
    if failed:
        return None
    result, _ = scipy.linalg.lapack.dpotri(lower, lower=1)
    # LAPACK fills the lower triangle only, over zeros.
    full: Array = result + result.T
    np.einsum("ii->i", full)[:] /= 2
    return full


def solver(matrix: Array) -> Callable[[Array], Array] | None:
    """x ↦ matrix⁻¹ x, or None where rounding leaves the matrix indefinite."""
    if array_api_compat.is_torch_array(matrix):
        import torch

        factor, info = torch.linalg.cholesky_ex(matrix)
        return None if int(info) else lambda right: torch.cholesky_solve(right, factor)
    try:
        lower = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    except scipy.linalg.LinAlgError:
        return None
    return lambda right: scipy.linalg.cho_solve(lower, right, check_finite=False)
