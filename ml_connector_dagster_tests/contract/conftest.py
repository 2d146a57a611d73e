"""Shared by the contract tests: the sandbox's own callers, from the tests of the sandbox."""

from ml_connector_dagster_tests.sandbox.xero.conftest import fresh, shared, switchboard, xero

__all__ = ["fresh", "shared", "switchboard", "xero"]
