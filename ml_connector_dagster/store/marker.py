"""Which database this home belongs to: a shell without its environment is refused instead of opening an empty one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.environment import DATABASE_URL, Environment

FILE_NAME = "profile.json"


def write_marker(environment: Environment, instance: str) -> None:
    """Name the profile and the database's instance id in the home, once; the file holds no address and no secret."""
    if _path(environment.home).exists():
        return
    environment.home.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"profile": environment.profile, "instance": instance}, indent=1)
    beside = _path(environment.home).with_suffix(f".{os.getpid()}.new")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(_path(environment.home))


def check_profile(environment: Environment) -> None:
    """Refuse a shell that points at another kind of database than its home was initialised with.

    Raises:
        SettingWrong: The profiles differ; opening would have shown an empty product.
    """
    marked = _read(environment.home).get("profile", environment.profile)
    if marked != environment.profile:
        raise SettingWrong(
            f"The home {environment.home} was initialised for {marked}, but this shell points at {environment.profile}.",
            "It would open another, probably empty, database and load everything again.",
            f"Set {DATABASE_URL} as it was at `ml-connector init`"
            + (" (a postgresql:// address)" if marked == "postgres" else " (or unset it for the SQLite file)")
            + ", or choose another ML_CONNECTOR_HOME.",
        )


def check_instance(environment: Environment, instance: str) -> None:
    """Refuse a database that is not the one this home was initialised with.

    Raises:
        SettingWrong: The instance ids differ.
    """
    marked = _read(environment.home).get("instance", instance)
    if marked != instance:
        raise SettingWrong(
            f"The database is instance {instance}, but the home {environment.home} belongs to instance {marked}.",
            "Locks, files and keys of one product would be mixed with the records of another.",
            f"Point {DATABASE_URL} at the right database; after a deliberate move delete {FILE_NAME} in the home.",
        )


def _read(home: Path) -> dict[str, str]:
    path = _path(home)
    if not path.exists():
        return {}
    marked: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return marked


def _path(home: Path) -> Path:
    return home / FILE_NAME
