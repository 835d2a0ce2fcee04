"""Executing notebooks, recording what they find, and judging it."""
