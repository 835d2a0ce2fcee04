"""Mutants of choice data, of selection by attention, and of what such data can hold."""

from mutant import Mutant

CHOICE = "ntp_lib/choice"
ATTENTION = "ntp_lib/attention"
THRESHOLDS = "ntp_lib/thresholds"

CHOICE_MUTANTS = (
    Mutant(
        "components of the priority graph without directions",
        f"{CHOICE}/graph.py",
        'directed=True, connection="strong"',
        'directed=True, connection="weak"',
        tests=("tests/choice/test_choice_graph.py",),
    ),
    Mutant(
        "edges of the priority graph from every candidate",
        f"{CHOICE}/graph.py",
        "            if won[y]:\n",
        "            if won[y] or won.any():\n",
        tests=("tests/choice/test_choice_graph.py",),
    ),
    Mutant(
        "attention that forgets how often a token occurs",
        f"{CHOICE}/slope.py",
        "self._features @ W.reshape(-1) + self._log_counts)",
        "self._features @ W.reshape(-1))",
        tests=("tests/choice/test_choice_loss.py",),
    ),
    Mutant(
        "odds of a soft pair that count copies",
        f"{CHOICE}/pairs.py",
        "shares[second] * counts[first] / counts[second] / shares[first]",
        "shares[second] / shares[first]",
        tests=("tests/choice/test_choice_data.py", "tests/choice/test_choice_references.py"),
    ),
    Mutant(
        "clock of the pair data at twice its pace",
        f"{CHOICE}/pairs.py",
        "choice.in_support, choice.probs).sum() / 2)",
        "choice.in_support, choice.probs).sum())",
        tests=("tests/choice/test_choice_transfer.py",),
    ),
    Mutant(
        "graph trusted for dependent embeddings",
        f"{CHOICE}/references.py",
        "return bool(values[-1] > RANK_TOLERANCE * values[0])",
        "return bool(values[0] > RANK_TOLERANCE * values[0])",
        tests=("tests/choice/test_choice_by_hand.py",),
    ),
    Mutant(
        "strengths that count each token once",
        f"{CHOICE}/luce.py",
        "weights * counts / totals[rows]",
        "weights / totals[rows]",
        tests=("tests/choice/test_choice_by_hand.py",),
    ),
    Mutant(
        "finite part whose curvature is not centred",
        f"{CHOICE}/finite.py",
        "centred = self.features - means[self.choice.rows]",
        "centred = self.features - 0 * means[self.choice.rows]",
        tests=("tests/choice/test_choice_references.py",),
    ),
    Mutant(
        "law of choices that forgets the level of a support",
        f"{THRESHOLDS}/choice.py",
        "chance * (size - 1 + _pinned(among, size))",
        "chance * (size + _pinned(among, size))",
        tests=("tests/thresholds/test_choice_threshold.py",),
    ),
    Mutant(
        "orders counted as dichotomies",
        f"{THRESHOLDS}/orders.py",
        "shares += n * below",
        "shares += below",
        tests=("tests/thresholds/test_orders.py",),
    ),
    Mutant(
        "count of equations per token, not per parameter",
        f"{THRESHOLDS}/count_bound.py",
        "return self.equations / (len(self.tokens) - 1)",
        "return self.equations / len(self.tokens)",
        tests=("tests/thresholds/test_count_bound.py",),
    ),
    Mutant(
        "chance of choices that counts every codimension",
        f"{THRESHOLDS}/choice_chance.py",
        "2 * float(codimension_law(sizes, most=D - 1)[::-2].sum())",
        "float(codimension_law(sizes, most=D - 1).sum())",
        tests=("tests/thresholds/test_choice_chance.py",),
    ),
    Mutant(
        "largest count over sets with one token alone",
        f"{THRESHOLDS}/largest_count.py",
        "for token in range(len(used))",
        "for token in range(1)",
        tests=("tests/thresholds/test_largest_count.py",),
    ),
)

ATTENTION_MUTANTS = (
    Mutant(
        "push without the mean of the other tokens",
        f"{ATTENTION}/heads.py",
        "(products * (g[:, 1:, None] - g[:, None, :]))",
        "(products * g[:, 1:, None])",
        tests=("tests/attention/test_selection_stages.py",),
    ),
    Mutant(
        "certificate without the length of the max-margin matrix",
        f"{ATTENTION}/certificate.py",
        "_largest_rest(stage, self.M * self.nu)",
        "_largest_rest(stage, self.M)",
        tests=("tests/attention/test_selection_certificate.py",),
    ),
    Mutant(
        "certificate for steps twice as long",
        f"{ATTENTION}/certificate.py",
        "scipy.special.lambertw(1 / (2 * M * nu)).real",
        "scipy.special.lambertw(1 / (M * nu)).real",
        tests=("tests/attention/test_selection_certificate.py",),
    ),
    Mutant(
        "chains of one link only",
        f"{ATTENTION}/orders.py",
        "np.where(D[loser] > 0, D[loser] + 1, 0)",
        "np.zeros_like(D[loser])",
        tests=("tests/attention/test_selection_data.py", "tests/attention/test_selection_other.py"),
    ),
    Mutant(
        "limits of pushes without multiplicities",
        f"{ATTENTION}/stage_two.py",
        "selection.probs[:, None] * counts[:, 1:] / counts[:, :1]",
        "selection.probs[:, None] * np.ones_like(counts[:, 1:])",
        tests=("tests/attention/test_selection_copies.py",),
    ),
    Mutant(
        "values that are not centred",
        f"{ATTENTION}/stage_one.py",
        "(np.eye(V)[selection.next_token[known]] - 1 / V).T",
        "np.eye(V)[selection.next_token[known]].T",
        tests=("tests/attention/test_selection_stages.py",),
    ),
    Mutant(
        "trap whose rivals beat the wrong token",
        f"{ATTENTION}/trap.py",
        "sentences += [(2 + a, 0), (1, 2 + r + a)]",
        "sentences += [(2 + a, 1), (1, 2 + r + a)]",
        tests=("tests/attention/test_selection_other.py", "tests/attention/test_selection_stages.py"),
    ),
    Mutant(
        "scale of the phase change with one token too few",
        f"{ATTENTION}/soft.py",
        "np.log1p(lead * V / (1 - lead))",
        "np.log1p(lead * (V - 1) / (1 - lead))",
        tests=("tests/attention/test_selection_other.py",),
    ),
    Mutant(
        "both layers trained as if attention stood still",
        f"{ATTENTION}/joint.py",
        "push = a * (g - (a * g).sum(axis=1, keepdims=True))",
        "push = a * g",
        tests=("tests/attention/test_selection_other.py",),
    ),
    Mutant(
        "features that are not nested",
        f"{ATTENTION}/features.py",
        "weights = hidden.standard_normal((m, d0 + 1))",
        "weights = hidden.standard_normal((d0 + 1, m)).T",
        tests=("tests/attention/test_features.py",),
    ),
    Mutant(
        "frozen attention that asks the first token",
        f"{ATTENTION}/features.py",
        "scores = x @ (A @ x[-1])",
        "scores = x @ (A @ x[0])",
        tests=("tests/attention/test_features.py",),
    ),
    Mutant(
        "whitening until contexts coincide",
        f"{ATTENTION}/features.py",
        "if factors.max() > MOST_UNEQUAL * factors.min():",
        "if not np.isfinite(factors).all():",
        tests=("tests/attention/test_features.py",),
    ),
    Mutant(
        "a start of the bisection taken for refuted",
        f"{ATTENTION}/least_width.py",
        "refuted, certified, tried = low, most, low == 0",
        "refuted, certified, tried = low, most, True",
        tests=("tests/attention/test_least_width.py",),
    ),
)
