"""Hypothesis without a time limit per example: a busy machine is not a failing test."""

from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
