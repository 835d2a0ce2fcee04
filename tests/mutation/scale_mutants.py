"""Mutants of what large problems need: a few tokens, the core, blocks, faces, a working set, steps in coordinates.

The notebooks' problems are mostly too small to reach these lines, so that tests have to notice.
"""

from mutant import Mutant

FEW_TOKENS = "ntp_lib/margins/few_tokens"
SPLITTING = "ntp_lib/margins/splitting"
WORKING_SET = "ntp_lib/margins/working_set"
CORE_NEWTON = "ntp_lib/conditions/core_newton.py"
RELATIONS = "ntp_lib/subspaces/relations.py"
SOFTMAX_BLOCKS = "ntp_lib/numerics/softmax_blocks.py"
GRAM_DESCENT = "ntp_lib/trajectories/gram_descent.py"

SCALE_MUTANTS = (
    Mutant(
        "Cover's dimension without the half",
        f"{FEW_TOKENS}/pair_count.py",
        "return self.both + (self.one + 1) // 2",
        "return self.both + self.one + 1",
        tests=("tests/margins/few_tokens/test_pair_count.py",),
    ),
    Mutant(
        "certificate of a few tokens given to the first ones",
        f"{FEW_TOKENS}/refutation.py",
        "(part.contexts[rows], part.tokens[columns])",
        "(part.contexts[rows], columns)",
        tests=("tests/margins/few_tokens/test_refutation.py",),
    ),
    Mutant(
        "logits centred over all tokens, not the pinned ones",
        f"{FEW_TOKENS}/newton_step.py",
        "logits - logits.sum(axis=1, keepdims=True) / counts",
        "logits - logits.mean(axis=1, keepdims=True)",
        tests=("tests/margins/few_tokens/test_descent.py",),
    ),
    Mutant(
        "core with contexts that have one pair left",
        "ntp_lib/subspaces/core.py",
        "minlength=data.num_contexts)[contexts] > 1",
        "minlength=data.num_contexts)[contexts] > 0",
        tests=("tests/subspaces/test_relations.py",),
    ),
    Mutant(
        "nearest relation with levels of the wrong sign",
        RELATIONS,
        "y - self._solution(sums, rounding)[self._levels]",
        "y + self._solution(sums, rounding)[self._levels]",
        tests=("tests/subspaces/test_relations.py",),
    ),
    Mutant(
        "softmax on the core without the core's mass",
        CORE_NEWTON,
        "_minimised(core) + np.log(core.masses)[levels]",
        "_minimised(core)",
        tests=("tests/conditions/test_compatibility_at_scale.py",),
    ),
    Mutant(
        "loss on the core with the contexts' whole weights",
        CORE_NEWTON,
        "self.relations.data.context_probs[self.relations.contexts] * self.masses)[self._levels]",
        "self.relations.data.context_probs[self.relations.contexts])[self._levels]",
        tests=("tests/conditions/test_compatibility_at_scale.py",),
    ),
    Mutant(
        "projection by blocks that keeps its last pass alone",
        "ntp_lib/subspaces/block_projection.py",
        "            W += step\n",
        "            W = step\n",
        tests=("tests/subspaces/test_block_projection.py",),
    ),
    Mutant(
        "mean logits of Newton's equations with equal weights",
        SOFTMAX_BLOCKS,
        "mean = (self.probs * logits).sum(axis=1, keepdims=True)",
        "mean = logits.mean(axis=1, keepdims=True)",
        tests=("tests/numerics/test_softmax_blocks.py",),
    ),
    Mutant(
        "slacks of one token that do not share in the mean level",
        f"{SPLITTING}/slacks.py",
        "pairs.tokens, 1 - share, -share)",
        "pairs.tokens, 1.0, -share)",
        tests=("tests/margins/splitting/test_slacks.py",),
    ),
    Mutant(
        "faces that pairs enter but never leave",
        f"{SPLITTING}/independent.py",
        "inactive = (inactive & ~entering) | leaving",
        "inactive = inactive & ~entering",
        tests=("tests/margins/splitting/test_independent.py",),
    ),
    Mutant(
        "pass over all pairs that asks unit rows for a margin of one",
        f"{WORKING_SET}/scan.py",
        "lowest + (above - 1) / lengths, most",
        "lowest + (above - 1), most",
        tests=("tests/margins/working_set/test_parts.py",),
    ),
    Mutant(
        "face of a working set with shifts of the wrong sign",
        f"{WORKING_SET}/face.py",
        "wrong = levels[contexts] - logits - shifts",
        "wrong = levels[contexts] - logits + shifts",
        tests=("tests/margins/working_set/test_solve.py",),
    ),
    Mutant(
        "working set that ends without a look at the gap",
        f"{WORKING_SET}/solve.py",
        "reached = max(self.violation, abs(gap))",
        "reached = self.violation",
        tests=("tests/margins/working_set/test_solve.py",),
    ),
    Mutant(
        "modified flow with all of η",
        "ntp_lib/trajectories/modified_flow.py",
        "self.step_size / 2 * pull",
        "self.step_size * pull",
        tests=("tests/trajectories/test_long_descent.py",),
    ),
    Mutant(
        "decaying steps that begin anew at every call",
        GRAM_DESCENT,
        "for k in range(done + 1, done + steps + 1):",
        "for k in range(1, steps + 1):",
        tests=("tests/trajectories/test_gram_descent.py",),
    ),
    Mutant(
        "seeds that all start at the first one's decoder",
        "ntp_lib/trajectories/seeds.py",
        "lecun(data, seed=seed) for seed in seeds",
        "lecun(data, seed=seeds[0]) for seed in seeds",
        tests=("tests/trajectories/test_seeds.py",),
    ),
    Mutant(
        "bound for the margin with the multipliers' mass counted twice",
        "ntp_lib/margins/certificates.py",
        "total = -off.sum()",
        "total = -2 * off.sum()",
        tests=("tests/margins/test_separability.py",),
    ),
)
