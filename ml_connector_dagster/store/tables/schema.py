"""The schema of this release: the tables of every room."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from sqlalchemy import MetaData

import ml_connector_dagster.store.tables as folder
from ml_connector_dagster.store.tables.metadata import METADATA


@cache
def schema() -> MetaData:
    """Answer the metadata once each module of this folder has put its tables in, whichever were imported before."""
    for room in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        importlib.import_module(room.name)
    return METADATA
