"""Virtual environments of the peers, under bench/.venvs; made once, skipped loudly where the package cannot be had."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / ".venvs"


@dataclass(frozen=True)
class Peer:
    """A contestant that is not ours."""

    name: str
    requirements: tuple[str, ...]
    module: str

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return FOLDER / self.name / "bin" / "python"


DLT = Peer("dlt", ("dlt[filesystem,parquet]>=1.31,<2",), "bench/peer_dlt.py")
TAP_XERO = Peer("tap-xero", ("setuptools<81", "six", "tap-xero==2.6.0"), "bench/peer_tap_xero.py")


def ready(peer: Peer) -> str:
    """Make the peer's environment where there is none; answers why it cannot be used, or nothing."""
    done = FOLDER / peer.name / ".ready"
    if done.exists():
        return ""
    print(f"installing {peer.name} into {FOLDER.name}/{peer.name} …", flush=True)
    venv.create(FOLDER / peer.name, with_pip=True, clear=True)
    command = [str(peer.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *peer.requirements]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        said = outcome.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        return f"{peer.name} cannot be installed: {said[0]}"
    done.write_text(sys.version)
    return ""
