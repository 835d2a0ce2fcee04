"""Benchmarks: topics and peers → attempts, judged by our own residuals → report → targets, fits, frames → page.

Reading a report (records, storage, targets, fits, frames) never imports what measures it.
"""
