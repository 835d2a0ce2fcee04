"""Reports as tidy frames, for tables and figures."""

from __future__ import annotations

from dataclasses import astuple

import pandas as pd

from ntp_lib.companion.benchmarks.records import BenchmarkReport, Ending, Measurement
from ntp_lib.companion.benchmarks.targets import judge_targets, show

SERIES = ("m", "d", "V", "V·d", "m of the text, solved", "m of the text, refuted")


def targets_table(report: BenchmarkReport) -> pd.DataFrame:
    """One row per target: what, against, target, measured, verdict, as texts."""
    columns = ["what", "best peer", "target", "min – median – max", "verdict"]
    return pd.DataFrame([result.row() for result in judge_targets(report)], columns=columns)


def contenders_frame(report: BenchmarkReport, topics: tuple[str, ...]) -> pd.DataFrame:
    """Times of every contender that got an answer or was stopped; the others are in `without_time`."""
    columns = ["case", "title", "contender", "outcome", "low", "median", "high", "repeats"]
    rows = [
        (case.id, case.title, found.contender, found.outcome.value, *astuple(found.time), len(found.seconds))
        for topic in topics
        for case in report.of_topic(topic)
        for found in case.measurements
        if found.outcome in (Ending.REACHED, Ending.TIME_LIMIT)
    ]
    return pd.DataFrame(rows, columns=columns)


def without_time(report: BenchmarkReport) -> pd.DataFrame:
    """Everyone who took part and got no time of its own, with what it reached instead."""
    rows = [
        (case.title, found.contender, found.outcome.value, _reached(found))
        for case in report.cases
        for found in case.measurements
        if found.outcome is not Ending.REACHED
    ]
    return pd.DataFrame(rows, columns=["what", "contender", "outcome", "what it reached"])


def growth_frame(report: BenchmarkReport) -> pd.DataFrame:
    """Times along every series: columns series, size, contender, low, median, high (seconds)."""
    names = list(dict.fromkeys(found.contender for case in report.cases for found in case.measurements))
    rows = [
        (series, size, name, *astuple(found.time))
        for series in SERIES
        for name in names
        for size, found in report.along(series, name)
    ]
    return pd.DataFrame(rows, columns=["series", "size", "contender", "low", "median", "high"])


def peer_wins(report: BenchmarkReport) -> pd.DataFrame:
    """Cases in which a peer that is accurate enough has the smaller median time."""
    rows = []
    for case in report.cases:
        if case.ours.outcome is not Ending.REACHED:
            continue
        for found in case.peers:
            if found.outcome is Ending.REACHED and found.time.median < case.ours.time.median:
                times = (show(found.time.median), show(case.ours.time.median))
                rows.append((case.topic, case.title, found.contender, *times))
    return pd.DataFrame(rows, columns=["topic", "what", "peer", "its median (s)", "ours (s)"])


def work_frame(report: BenchmarkReport) -> pd.DataFrame:
    """Work and memory of ours where measured: columns what, outcome, seconds (median), products, MiB."""
    rows = []
    for case in report.cases:
        notes, seconds = case.ours.notes or {}, case.ours.time.median if case.ours.seconds else float("nan")
        if "product_seconds" in notes:
            products = seconds / float(notes["product_seconds"])
            rows.append((case.title, case.ours.outcome.value, seconds, products, notes.get("memory_mib")))
    return pd.DataFrame(rows, columns=["what", "outcome", "seconds", "products", "MiB"])


def _reached(found: Measurement) -> str:
    notes = found.notes or {}
    parts = [f"{name} {value:.9g}" for name, value in (found.accuracy or {}).items() if value is not None]
    return ", ".join(parts) or str(notes.get("reason", notes.get("status", "nothing")))
