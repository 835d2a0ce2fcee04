"""Figure 5 stays within its tolerances when the last bits of the data change; single late steps would not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ntp_lib as ntp
from ntp_lib.companion.reproduction.comparison import compare
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.tables import read_table
from ntp_lib.trajectories.windows import MEASURES, averaged_trace

ENTRY = load_manifest(Project.find(Path(__file__))).figure("fig-5")
# Past the onset of the jitter of either method, in a fifth of the figure's steps.
STEPS = {"ngd": 3000, "adam": 1600}
SINGLE_UNTIL = 500


def traces(seed=None, step_size=0.01):
    """Every step of both methods; with a seed, on embeddings whose last bits are changed at random."""
    data = ntp.synthetic.random()
    if seed is not None:
        ulps = np.random.default_rng(seed).integers(-1, 2, size=data.embeddings.shape)
        embeddings = data.embeddings * (1 + np.finfo(float).eps * ulps)
        data = ntp.NTPData(embeddings, data.context_probs, data.next_token_probs)
    references = ntp.references(data)
    return {
        method: ntp.train(
            data, method=method, step_size=step_size, steps=steps, references=references, num_records=None
        ).frame.assign(entropy=data.entropy)
        for method, steps in STEPS.items()
    }


def averaged(runs):
    return pd.concat(
        averaged_trace(run, after=SINGLE_UNTIL).assign(curve=method, entropy=run["entropy"][0])
        for method, run in runs.items()
    )


def single(runs):
    """The same table with the middle step of every window in place of its mean."""
    table = averaged(runs)
    for method, run in runs.items():
        late = (table["curve"] == method) & table["norm_mean"].notna()
        for name in MEASURES:
            table.loc[late, f"{name}_mean"] = run[name].to_numpy()[table.loc[late, "step"]]
    return table


def verdict(tmp_path, yours, reference):
    tables = []
    for name, table in (("yours", yours), ("reference", reference)):
        write_data(name, table, tmp_path)
        tables.append(read_table(tmp_path / f"{name}.csv"))
    return compare(*tables, ENTRY)


@pytest.fixture(scope="module")
def runs():
    return traces(), traces(seed=100)


def test_last_bits_stay_within_the_tolerances(runs, tmp_path):
    untouched, changed = runs
    result = verdict(tmp_path, averaged(changed), averaged(untouched))
    assert result.ok, result
    assert len(result.columns) == len(ENTRY.columns)


def test_single_late_steps_would_not(runs, tmp_path):
    untouched, changed = runs
    result = verdict(tmp_path, single(changed), single(untouched))
    assert "finite_error_mean" in result.differing_columns


def test_another_step_size_is_noticed(runs, tmp_path):
    """The control: the tolerances are not so wide that they let everything pass."""
    untouched, _ = runs
    others = averaged(traces(step_size=0.0102))
    differing = set(verdict(tmp_path, others, averaged(untouched)).differing_columns)
    assert {"norm", "norm_mean", "excess_loss", "excess_loss_mean"} <= differing
