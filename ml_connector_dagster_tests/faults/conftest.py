"""Fixtures that the loads' tests share."""

from __future__ import annotations

from ml_connector_dagster_tests.flows.office import planning_server

__all__ = ["planning_server"]
