"""Fixtures of the limits' tests."""

from ml_connector_dagster_tests.store.slept_clock import clock, limits

__all__ = ["clock", "limits"]
