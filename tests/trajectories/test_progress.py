"""Progress bars: silent unless asked for, and then counting to the end."""

import pytest

import ntp_lib as ntp
from ntp_lib.trajectories.freezing import adam_stages


def train(references, **options):
    ntp.train(references.data, steps=40, references=references, **options)


def train_with_muon(references, **options):
    ntp.train(references.data, method="muon", steps=30, references=references, **options)


def path_over_radii(references, **options):
    ntp.regularization_path(references.data, radii=[1.0, 2.0, 3.0], references=references, **options)


def flow(references, **options):
    ntp.gradient_flow(references.data, log_times=[-20.0, 0.0, 5.0, 60.0], references=references, **options)


def stages(references, **options):
    adam_stages(references, marks=(7, 30, 50), **options)


RUNS = [
    (train, "gd:", "40/40", "step"),
    (train_with_muon, "muon:", "30/30", "step"),
    (path_over_radii, "path:", "3/3", "point"),
    (flow, "flow:", "4/4", "time"),
    (stages, "adam:", "50/50", "step"),
]


@pytest.mark.parametrize(
    ("run", "name", "count", "unit"), RUNS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_bar_is_shown_on_request_and_ends_at_the_end(run, name, count, unit, capsys):
    references = ntp.references(ntp.synthetic.toy_2d())
    run(references)
    run(references, progress=False)
    assert capsys.readouterr() == ("", "")
    run(references, progress=True)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith(f"{name} 100%")
    assert f" {count} " in last
    # tqdm writes the rate as steps per second or seconds per step.
    assert f"{unit}/s" in last or f"s/{unit}" in last
