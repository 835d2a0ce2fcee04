"""Mutants of what the supports decide: their proxy, its law, uniqueness, and the path of weight decay."""

from mutant import Mutant

FEATURES = "ntp_lib/features"

SUPPORT_MUTANTS = (
    Mutant(
        "water level of weighted tokens without their weights",
        "ntp_lib/margins/splitting/water_level.py",
        "xp.sum(cut * weights, axis=1, keepdims=True)",
        "xp.sum(cut, axis=1, keepdims=True)",
        tests=("tests/margins/splitting/test_levels_of_rows.py",),
    ),
    Mutant(
        "equal contexts and tokens that count once",
        f"{FEATURES}/kinds.py",
        "(np.bincount(kind).astype(float) for kind in (row_kind, column_kind))",
        "(np.ones(kind.max() + 1) for kind in (row_kind, column_kind))",
        tests=("tests/features/test_nuclear_margin.py",),
    ),
    Mutant(
        "singular values lowered by twice the threshold",
        f"{FEATURES}/nuclear_splitting.py",
        "1 - by / np.sqrt(squares[kept])",
        "1 - 2 * by / np.sqrt(squares[kept])",
        tests=("tests/features/test_nuclear_splitting.py",),
    ),
    Mutant(
        "supports that are not centred",
        f"{FEATURES}/proxy.py",
        "support - support.mean(axis=1)[:, None])",
        "1.0 * support)",
        tests=("tests/features/test_proxy.py",),
    ),
    Mutant(
        "proxy judged by the least entry off the supports",
        f"{FEATURES}/proxy.py",
        "exact = True if off.max() <= zero",
        "exact = True if off.min() <= zero",
        tests=("tests/features/test_proxy.py",),
    ),
    Mutant(
        "proxy called the only solution where entries vanish",
        f"{FEATURES}/proxy.py",
        "unique=bool(off.max() < -zero)",
        "unique=bool(off.max() <= zero)",
        tests=("tests/features/test_proxy.py",),
    ),
    Mutant(
        "ultrametric with the larger of two counts",
        f"{FEATURES}/proxy.py",
        "np.minimum(row[:, None], row)",
        "np.maximum(row[:, None], row)",
        tests=("tests/features/test_proxy.py",),
    ),
    Mutant(
        "uniqueness from ties without the tight margins",
        f"{FEATURES}/uniqueness.py",
        "tight = support | (-error * np.abs(A).max() > A)",
        "tight = support",
        first="supports",
    ),
    Mutant(
        "uniqueness that takes every margin for tight",
        f"{FEATURES}/uniqueness.py",
        "tight = support | (-error * np.abs(A).max() > A)",
        "tight = np.ones_like(support)",
        tests=("tests/features/test_uniqueness.py",),
    ),
    Mutant(
        "law of the pentagon's path without its factor of two",
        f"{FEATURES}/pentagon.py",
        "2 * np.log(R / a) / R",
        "np.log(R / a) / R",
        first="supports",
        figure_only=True,
    ),
    Mutant(
        "logit path measured against probabilities, not log-odds",
        f"{FEATURES}/logit_path.py",
        "within_support(np.log(np.where(support, probs, 1.0)), support)",
        "within_support(np.where(support, probs, 1.0), support)",
        tests=("tests/features/test_logit_path.py",),
    ),
    Mutant(
        "opposite margin of the pentagon at a neighbour",
        f"{FEATURES}/pentagon.py",
        "[0.0, 0.0, -1.0, -1.0 - extra, -1.0]",
        "[0.0, 0.0, -1.0 - extra, -1.0, -1.0]",
        tests=("tests/features/test_pentagon.py",),
    ),
    Mutant(
        "path of the pentagon with skew of the wrong sign",
        f"{FEATURES}/pentagon.py",
        "h = -a * SIN36 + b * SIN72,",
        "h = -a * SIN36 - b * SIN72,",
        tests=("tests/features/test_pentagon.py",),
    ),
    Mutant(
        "law of the proxy without the correction of the other side's noise",
        f"{FEATURES}/proxy_law.py",
        "(rows.square - (rows.divergence * level) ** 2) / (1 - rows.divergence) ** 2",
        "rows.square / (1 - rows.divergence) ** 2",
        tests=("tests/features/test_proxy_law.py",),
    ),
    Mutant(
        "law of the proxy that divides by the divergence once",
        f"{FEATURES}/proxy_law.py",
        "(rows.divergence * level) ** 2) / (1 - rows.divergence) ** 2",
        "(rows.divergence * level) ** 2) / (1 - rows.divergence)",
        tests=("tests/features/test_proxy_law.py",),
    ),
    Mutant(
        "similarities correlated with the diagonal",
        f"{FEATURES}/similarity.py",
        "np.triu_indices(len(a), 1)",
        "np.triu_indices(len(a), 0)",
        tests=("tests/features/test_similarity.py",),
    ),
    Mutant(
        "balanced factors with whole singular values",
        f"{FEATURES}/similarity.py",
        "roots = np.sqrt(sizes[kept])",
        "roots = sizes[kept]",
        tests=("tests/features/test_similarity.py",),
    ),
)
