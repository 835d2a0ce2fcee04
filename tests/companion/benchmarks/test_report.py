import json
from dataclasses import replace

import numpy as np
import pytest
from small_cases import CONDITIONS, answering, case

from ntp_lib.companion.benchmarks.cases import Contender
from ntp_lib.companion.benchmarks.frames import (
    contenders_frame,
    growth_frame,
    peer_wins,
    targets_table,
    without_time,
    work_frame,
)
from ntp_lib.companion.benchmarks.measuring import measure_case
from ntp_lib.companion.benchmarks.records import BenchmarkReport, Ending, Measurement, Target
from ntp_lib.companion.benchmarks.storage import load_report, save_report
from ntp_lib.companion.benchmarks.targets import TargetResult, TargetState, judge_targets
from ntp_lib.companion.benchmarks.timing import Spread, growth_exponent, ratio, spread
from ntp_lib.companion.reproduction.errors import ReproductionError

REFUSAL = r"report\.json: not a readable benchmark report.*make bench"


def report_of(*cases):
    return BenchmarkReport(CONDITIONS, "ntp bench", "2026-01-01", "2026-01-01", cases)


def timed(contender, *seconds, outcome=Ending.REACHED, **more):
    return Measurement(contender, contender == "ours", outcome, seconds, accuracy={"error": 0.0}, **more)


def result(*measurements, targets=(), **parameters):
    found = measure_case(case(targets=targets), CONDITIONS)
    changed = {**found.parameters, **parameters}
    return replace(found, id=f"svm/{changed['size']}", parameters=changed, measurements=measurements)


@pytest.fixture
def report():
    peers = (Contender("peer", answering({"default": 1e-2})), Contender("gone", answering({}), missing="absent"))
    return report_of(measure_case(case(*peers, targets=(Target("ratio", 2.0),)), CONDITIONS))


def test_spread_and_ratio():
    assert spread([3.0, 1.0, 2.0]) == Spread(1.0, 2.0, 3.0)
    assert ratio(Spread(2.0, 4.0, 8.0), Spread(1.0, 2.0, 4.0)) == Spread(0.5, 2.0, 8.0)
    with pytest.raises(ValueError, match="at least one"):
        spread([])


def test_a_report_survives_its_file(report, tmp_path):
    save_report(report, tmp_path / "deep" / "report.json")
    assert load_report(tmp_path / "deep" / "report.json") == report


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(report, tmp_path):
    path = tmp_path / "report.json"
    save_report(report, path)
    broken = report.with_case(result(timed("ours", float("nan"))), "2026-01-02")
    with pytest.raises(ValueError, match="JSON compliant"):
        save_report(broken, path)
    assert load_report(path) == report
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.pop("conditions"),
        lambda content: content.update(schema=0),
        lambda content: content["cases"][0]["measurements"][0].update(outcome="splendid"),
        lambda content: content["cases"][0].update(surprise=1),
        lambda content: content.update(cases=content["cases"] * 2),
        lambda content: content["cases"][0]["measurements"].clear(),
        lambda content: content["cases"][0]["measurements"][0].update(seconds=[]),
        lambda content: content["cases"][0]["measurements"][0].update(seconds=[10**400]),
        lambda content: content["cases"][0]["measurements"][0].update(ours=False),
        lambda content: content["cases"][0]["measurements"][0].update(contender=["a"]),
        lambda content: content["cases"][0]["targets"][0].update(kind="hope"),
        lambda content: content["cases"][0]["targets"][0].update(bound=None),
        lambda content: content["cases"][0].update(parameters=None),
        lambda content: content["cases"][0].update(parameters={"series": "m", "size": "large"}),
        lambda content: content.update(started="soon"),
        lambda content: content["conditions"].update(repeats=0),
        lambda content: content["conditions"].update(machine={"cores": float("nan")}),
    ],
)
def test_a_damaged_report_is_refused(report, tmp_path, damage):
    path = tmp_path / "report.json"
    save_report(report, path)
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ReproductionError, match=REFUSAL) as refusal:
        load_report(path)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"schema": 2, "schema": 2}', b"9" * 5000]
)
def test_a_file_that_is_no_report_is_refused(tmp_path, content):
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(ReproductionError, match=REFUSAL):
        load_report(tmp_path / "report.json")


def test_the_fastest_accurate_peer_decides_a_ratio():
    peers = (timed("slow", 9.0), timed("fast", 4.0, 6.0), timed("wrong", 0.1, outcome=Ending.INACCURATE))
    [found] = judge_targets(report_of(result(timed("ours", 1.0, 2.0), *peers, targets=(Target("ratio", 3.0),))))
    assert (found.peer, found.measured, found.verdict) == ("fast", Spread(2.0, 10 / 3, 6.0), TargetState.MET)


@pytest.mark.parametrize(("bound", "verdict"), [(5.0, TargetState.MET), (50.0, TargetState.UNDECIDED)])
def test_a_stopped_peer_gives_a_lower_bound(bound, verdict):
    stopped = timed("stopped", 10.0, outcome=Ending.TIME_LIMIT)
    [found] = judge_targets(report_of(result(timed("ours", 1.0), stopped, targets=(Target("ratio", bound),))))
    assert (found.verdict, found.at_least) == (verdict, True)
    assert found.shown.startswith("at least 10")


def test_every_kind_of_target_has_its_quantity_and_misses_are_shown():
    bounds = {"seconds": 1.5, "products": 300.0, "MiB": 100.0, "exponent": 1.2}
    targets = tuple(Target(*pair) for pair in bounds.items())
    noted = {"notes": {"product_seconds": 0.01, "memory_mib": 128.5}}
    [*cases] = (result(timed("ours", size), size=size, series="V") for size in (1.0, 4.0))
    both = timed("ours", 2.0, 2.0, **noted), timed("peer", 1.0)
    cases.append(result(*both, size=2.0, series="V", targets=targets))
    found = judge_targets(report_of(*(renamed(case) for case in cases)))
    assert [verdict.measured.median for verdict in found] == pytest.approx([2.0, 200.0, 128.5, 1.0])
    verdicts = ["missed", "met", "missed", "met"]
    assert [verdict.verdict for verdict in found] == verdicts
    assert [row[2] for row in map(TargetResult.row, found)][:2] == ["≤ 1.5 s", "≤ 300 products"]
    assert work_frame(report_of(*cases)).iloc[0].tolist()[2:] == [2.0, 200.0, 128.5]
    few = judge_targets(report_of(renamed(cases[-1])))
    assert few[-1].verdict is TargetState.UNMEASURED


def renamed(case):
    """The case with ours under the library's own name, by which exponents are asked for."""
    names = {"ours": "ntp_lib"}
    changed = [replace(m, contender=names.get(m.contender, m.contender)) for m in case.measurements]
    return replace(case, measurements=tuple(changed))


def test_a_variant_of_ours_is_no_peer():
    case = result(timed("ours", 2.0), timed("ntp_lib, variant", 1.0), targets=(Target("ratio", 2.0),))
    assert judge_targets(report_of(case))[0].verdict is TargetState.UNMEASURED
    assert peer_wins(report_of(case)).empty


def test_no_accurate_peer_means_no_ratio(report):
    [found] = judge_targets(report)
    assert (found.verdict, found.measured) == (TargetState.UNMEASURED, None)
    assert targets_table(report)["verdict"].tolist() == ["not measured"]
    assert without_time(report)["outcome"].tolist() == ["inaccurate", "absent"]
    assert contenders_frame(report, ("svm",))["contender"].tolist() == ["ours"]


def test_ours_failing_is_a_miss():
    failed = timed("ours", 1.0, outcome=Ending.FAILED, notes={"reason": "broke"})
    [found] = judge_targets(report_of(result(failed, timed("peer", 1.0), targets=(Target("seconds", 9.0),))))
    assert (found.verdict, found.shown) == (TargetState.MISSED, "failed: broke")


def test_peers_that_win_are_named():
    won = peer_wins(report_of(result(timed("ours", 2.0), timed("peer", 1.0), timed("slow", 3.0))))
    assert won["peer"].tolist() == ["peer"]


def test_growth_exponents_are_recovered():
    cases = [
        result(
            timed("ours", *(factor * size**power for factor, power in ((1, 2.0), (3, 1.5), (2, 1.0)))), size=size
        )
        for size in (2.0, 4.0, 8.0, 16.0)
    ]
    report = report_of(*cases)
    found = report.exponent("m", "ours")
    assert np.allclose([found.low, found.median, found.high], [1.0, 1.5, 2.0])
    assert growth_exponent([(1.0, [1.0]), (2.0, [2.0])]) is None
    assert growth_frame(report)["size"].tolist() == [2.0, 4.0, 8.0, 16.0]
