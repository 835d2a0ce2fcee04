"""Mutants of concepts and of the contrastive loss."""

from mutant import Mutant

CONCEPTS = "ntp_lib/concepts"
CONTRASTIVE = "ntp_lib/contrastive"

CONCEPT_MUTANTS = (
    Mutant(
        "start of learning without the contexts' weights",
        f"{CONCEPTS}/candidates.py",
        "data.context_probs[data.support_rows] * data.probs.data)",
        "1.0 * data.probs.data)",
        first="concepts",
    ),
    Mutant(
        "pointwise information without the tokens' frequencies",
        f"{CONCEPTS}/candidates.py",
        "np.log(data.probs.data / tokens[data.probs.indices])",
        "np.log(data.probs.data * data.vocab_size)",
        tests=("tests/concepts/test_candidates.py",),
    ),
    Mutant(
        "centring forgotten in the transposed product",
        f"{CONCEPTS}/candidates.py",
        "values.T @ flat - (means @ flat)",
        "values.T @ flat",
        tests=("tests/concepts/test_candidates.py", "tests/concepts/test_spectrum.py"),
    ),
    Mutant(
        "concepts in the order in which the iteration found them",
        f"{CONCEPTS}/spectrum.py",
        "order = np.argsort(-strengths)",
        "order = np.arange(len(strengths))",
        tests=("tests/concepts/test_spectrum.py",),
    ),
    Mutant(
        "modes that grow twice as fast",
        f"{CONCEPTS}/first_phase.py",
        "np.exp(np.outer(t, sigma))",
        "np.exp(2 * np.outer(t, sigma))",
        tests=("tests/concepts/test_first_phase.py",),
    ),
    Mutant(
        "bound of the first phase without the third power",
        f"{CONCEPTS}/first_phase.py",
        "square**1.5 * np.exp(3 * sigma[0] * t)",
        "square**1.5 * np.exp(sigma[0] * t)",
        tests=("tests/concepts/test_first_phase.py",),
    ),
    Mutant(
        "strengths of a tree's levels from weights that are not squared",
        f"{CONCEPTS}/trees.py",
        "weights**2 / below, below.astype(float)",
        "weights / below, below.astype(float)",
        first="concepts",
    ),
    Mutant(
        "a word as its own nearest neighbour",
        f"{CONCEPTS}/neighbours.py",
        "    np.fill_diagonal(cosines, -np.inf)\n",
        "",
        tests=("tests/concepts/test_neighbours.py",),
    ),
    Mutant(
        "overlap of subspaces without their dimension",
        f"{CONCEPTS}/stability.py",
        "np.sum((P.T @ Q) ** 2) / P.shape[1]",
        "np.sum((P.T @ Q) ** 2)",
        tests=("tests/concepts/test_orthants_and_stability.py",),
    ),
    Mutant(
        "flow of the factors with both slopes from the decoder",
        f"{CONCEPTS}/factors.py",
        "[residuals.T @ W, residuals @ H]",
        "[residuals.T @ W, -residuals @ H]",
        tests=("tests/concepts/test_factors.py",),
    ),
    Mutant(
        "a leading mode that pushes the others the other way",
        f"{CONCEPTS}/first_phase.py",
        "-np.exp(3 * sigma[0] * t)[:, None, None] * kappa",
        "np.exp(3 * sigma[0] * t)[:, None, None] * kappa",
        first="concepts",
    ),
    Mutant(
        "concepts that are looked for under their numbers alone",
        f"{CONCEPTS}/stability.py",
        "nearest.append(agreement.max(axis=1))",
        "nearest.append(np.diag(agreement))",
        tests=("tests/concepts/test_orthants_and_stability.py",),
    ),
)

CONTRASTIVE_MUTANTS = (
    Mutant(
        "contrastive certificate without the smallest eigenvalue",
        f"{CONTRASTIVE}/unconstrained.py",
        "slack + n * squared_length * max(-lowest, 0.0)",
        "slack + 0.0 * n * lowest",
        first="contrastive",
    ),
    Mutant(
        "contrastive certificate with prices of the wrong sign",
        f"{CONTRASTIVE}/unconstrained.py",
        "np.maximum(-(gradient * gram).sum(axis=1) / squared_length, 0.0)",
        "np.maximum((gradient * gram).sum(axis=1) / squared_length, 0.0)",
        tests=("tests/contrastive/test_unconstrained.py",),
    ),
    Mutant(
        "a feature that repels itself",
        f"{CONTRASTIVE}/unconstrained.py",
        "np.where(np.eye(len(gram), dtype=bool), -np.inf, gram)",
        "np.where(np.eye(len(gram), dtype=bool), 1.0 * gram, gram)",
        tests=("tests/contrastive/test_unconstrained.py",),
    ),
    Mutant(
        "attraction to the members of a class, not to the others",
        f"{CONTRASTIVE}/unconstrained.py",
        "partners = positive.sum(axis=1, keepdims=True)",
        "partners = positive.sum(axis=1, keepdims=True) + 1",
        tests=("tests/contrastive/test_unconstrained.py",),
    ),
    Mutant(
        "class as its own whole size in its term",
        f"{CONTRASTIVE}/classes.py",
        "self.sizes / (self.sizes[:, None] - 1) * np.exp",
        "self.sizes / self.sizes[:, None] * np.exp",
        first="contrastive",
    ),
    Mutant(
        "classes of equal weight",
        f"{CONTRASTIVE}/classes.py",
        "one_sided = shares[:, None] * s",
        "one_sided = s / len(s)",
        first="contrastive",
    ),
    Mutant(
        "limiting shifts from products of sizes",
        f"{CONTRASTIVE}/classes.py",
        "np.outer(counts, counts) * (1 / (counts[:, None] - 1) + 1 / (counts[None] - 1))",
        "np.outer(counts, counts)",
        first="contrastive",
    ),
    Mutant(
        "embeddings and words exchanged under weight decay",
        f"{CONTRASTIVE}/decay.py",
        "_cosines((basis / roots) @ basis.T), _cosines((basis * roots) @ basis.T)",
        "_cosines((basis * roots) @ basis.T), _cosines((basis / roots) @ basis.T)",
        first="contrastive",
    ),
    Mutant(
        "small classes that do not look back at the large ones",
        f"{CONTRASTIVE}/minority.py",
        " + share_small * ratio * small * near / small_sum) / 2",
        ") / 2",
        first="contrastive",
    ),
    Mutant(
        "limit of the small classes' cosine with two large ones whatever their number",
        f"{CONTRASTIVE}/minority.py",
        "E = np.exp(-tau * A / (A - 1))",
        "E = np.exp(-2 * tau)",
        first="contrastive",
    ),
    Mutant(
        "a cross that holds at every length",
        f"{CONTRASTIVE}/traps.py",
        "(tau**2 - 4 * tau) * (a**2 + b**2)",
        "(tau**2 + 4 * tau) * (a**2 + b**2)",
        first="contrastive",
    ),
    Mutant(
        "a point on a line whose features do not pull at each other",
        f"{CONTRASTIVE}/traps.py",
        "(place**2 * (n - 2) / (2 * (n - 1)) - 1)",
        "(place**2 * (n - 2) / (2 * (n - 1)))",
        first="contrastive",
    ),
)
