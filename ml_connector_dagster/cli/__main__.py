"""``python -m ml_connector_dagster.cli``: the same as ``ml-connector``, for processes that know the interpreter only."""

from ml_connector_dagster.cli.main import main

main(prog_name="ml-connector")
