"""`python -m bench`: ours against dlt and tap-xero over one sandbox, interleaved; writes bench/RESULTS.md."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

from bench import definitions, results
from bench.measure import Run, RunFailed, run_ours, run_peer
from bench.sandbox import Sandbox, sandbox_with
from bench.venvs import DLT, TAP_XERO, Peer, ready

LINES_AN_INVOICE = 3


def main() -> None:
    """Measure and write."""
    options = _options()
    skipped = [reason for peer in (DLT, TAP_XERO) if not options.alone and (reason := ready(peer))]
    for reason in skipped:
        print(f"SKIPPED: {reason}", flush=True)
    peers = [] if options.alone else [peer for peer in (DLT, TAP_XERO) if not any(peer.name in one for one in skipped)]
    runs: list[Run] = []
    peers = [peer for peer in peers if _warm(peer, skipped)]
    with sandbox_with(options.invoices) as large, sandbox_with(min(options.tap_invoices, options.invoices)) as small:
        for _ in range(options.rounds):
            runs.append(_ours(large))
            runs += [_said(run_peer(peer, large if peer is DLT else small)) for peer in peers]
    flat = list(_flat(options.flat_lines)) if options.flat_lines else []
    found = definitions.measure() if options.definitions else None
    print(results.write(runs, flat, found, dict.fromkeys(skipped)))


def _warm(peer: Peer, skipped: list[str]) -> bool:
    """Run a peer, and ours, once over a few invoices: byte code is compiled, and a peer that cannot run is said."""
    with sandbox_with(100) as sandbox:
        run_ours(sandbox)
        try:
            run_peer(peer, sandbox)
        except RunFailed as failed:
            skipped.append(str(failed))
            print(f"SKIPPED: {failed}", flush=True)
            return False
    return True


def _flat(most_lines: int) -> Iterator[Run]:
    for lines in (20_000, most_lines):
        with sandbox_with(lines // LINES_AN_INVOICE) as sandbox:
            yield _ours(sandbox)


def _ours(sandbox: Sandbox) -> Run:
    before = sandbox.calls()
    run = run_ours(sandbox)
    return _said(replace(run, said=run.said | {"calls_counted_by_sandbox": sandbox.calls() - before}))


def _said(run: Run) -> Run:
    print(
        f"{run.name:9} {run.records:>8,} records  {run.cpu_seconds:6.1f} CPU s  {run.records_per_cpu_second:>8,.0f} per CPU s  "
        f"{run.max_rss_bytes / 1e6:5.0f} MB  {run.said.get('microseconds_per_record', '')}",
        flush=True,
    )
    return run


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--invoices", type=int, default=200_000, help="bulk invoices of three lines (default 200000)")
    parser.add_argument("--tap-invoices", type=int, default=20_000, help="of these for tap-xero, which is slow")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; medians are shown (default 3)")
    parser.add_argument("--flat-lines", type=int, default=1_000_000, help="lines of the memory run; 0 leaves it out")
    parser.add_argument("--alone", action="store_true", help="ours only")
    parser.add_argument("--no-definitions", dest="definitions", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    main()
