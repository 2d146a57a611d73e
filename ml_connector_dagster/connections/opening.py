"""Opens what the settings name: the only place that makes a Source's reader or an Anaplan model from clients and tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ml_connector_dagster.anaplan.identifiers import lease_name
from ml_connector_dagster.connections.neighbours import refuse_neighbours
from ml_connector_dagster.connections.run_limit import check_run_limit
from ml_connector_dagster.connections.settings import (
    ConnectionSettings,
    find_connections,
    load_connection,
    read_connection,
)
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.reader import CompanyReader
from ml_connector_dagster.sources.contract.session import CompanySession, Meter
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import source_named

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.connections.addresses import SourceAddresses
    from ml_connector_dagster.connections.credentials import Credential
    from ml_connector_dagster.connections.vault import Vault
    from ml_connector_dagster.store.blobs import Blobs
    from ml_connector_dagster.store.engine import Store
    from ml_connector_dagster.store.environment import Environment
    from ml_connector_dagster.store.limits import Limits
    from ml_connector_dagster.store.locks import Locks
    from ml_connector_dagster.transport.client import VendorHttp
    from ml_connector_dagster.transport.rate_limit import Quota


class Connector:
    """One process's hold on state database, blobs, vault and connections; everything opens when first asked for."""

    def __init__(self, environment: Environment) -> None:
        """Open nothing yet."""
        self.environment = environment
        self._closing = ExitStack()
        self._open: dict[str, OpenConnection] = {}

    @classmethod
    def of_process(cls, variables: Mapping[str, str] | None = None) -> Self:
        """Answer the connector that the process's environment describes."""
        from ml_connector_dagster.store.environment import Environment

        return cls(Environment.read(variables))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def store(self) -> Store:
        """The state database."""
        from ml_connector_dagster.store.engine import Store

        store = Store.open(self.environment)
        self._closing.callback(store.close)
        return store

    @cached_property
    def blobs(self) -> Blobs:
        """Snapshots, files sent, sidecars and dumps."""
        from ml_connector_dagster.store.blobs import Blobs

        return Blobs(self.environment.blobs_url)

    @cached_property
    def locks(self) -> Locks:
        """Locks whose life is the process's."""
        from ml_connector_dagster.store.locks import Locks

        return Locks(self.store)

    @cached_property
    def limits(self) -> Limits:
        """The vendors' limits, shared by all processes."""
        from ml_connector_dagster.store.limits import Limits

        return Limits(self.store)

    @cached_property
    def vault(self) -> Vault:
        """The secrets.

        Raises:
            SettingWrong: There is no key: nothing is read or written without one.
        """
        from ml_connector_dagster.connections.vault import Vault

        return Vault.open(self.store)

    @cached_property
    def paths(self) -> dict[str, Path]:
        """Name of each connection to its ``defs.yaml``."""
        return find_connections(Path(self.environment.connections_root))

    def names(self) -> tuple[str, ...]:
        """Answer the names of all connections, sorted."""
        return tuple(self.paths)

    def connection(self, name: str) -> OpenConnection:
        """Answer the connection of that name; the same one when asked again.

        Raises:
            SettingWrong: No folder of that name holds a connection, or its settings are wrong.
        """
        if name not in self._open:
            if name not in self.paths:
                known = ", ".join(self.paths) or "none yet"
                raise SettingWrong(
                    f"There is no connection {name!r} below {self.environment.connections_root}.",
                    "Nothing can be read or loaded for it.",
                    f"Use one of: {known}; or write one with ml-connector discover.",
                )
            self._open[name] = OpenConnection(self, name, self.paths[name])
        return self._open[name]

    def on_close(self, give_back: Callable[[], None]) -> None:
        """Call this when the connector closes, before the database does."""
        self._closing.callback(give_back)

    def close(self) -> None:
        """Close every opened connection, then the database."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()
        self._closing.close()


class OpenConnection:
    """One connection with its clients; readers and model open lazily and are closed by ``close``."""

    def __init__(self, connector: Connector, name: str, path: Path) -> None:
        """Read the settings; no network, vault or database yet."""
        self.connector = connector
        self.name = name
        self.path = path
        check_run_limit(connector.environment.run_limit_seconds)
        self.settings: ConnectionSettings = load_connection(path)
        self.source: Source = source_named(self.settings.source.system)
        self.records_read: dict[str, int] = {}
        """Entity to vendor records that this opened company read last: what its source's call formula is asked with."""
        self._closing = ExitStack()

    @property
    def folder(self) -> Path:
        """The folder of ``defs.yaml``; mapping files are named from here."""
        return self.path.parent

    @property
    def store(self) -> Store:
        """The state database."""
        return self.connector.store

    @property
    def blobs(self) -> Blobs:
        """Snapshots, files sent, sidecars and dumps."""
        return self.connector.blobs

    @property
    def locks(self) -> Locks:
        """Locks whose life is the process's."""
        return self.connector.locks

    @property
    def limits(self) -> Limits:
        """The vendors' limits, shared by all processes."""
        return self.connector.limits

    @property
    def pool(self) -> str:
        """Dagster's pool of the Anaplan model."""
        return lease_name(self.settings.anaplan.model)

    def target(self, name: str) -> ListTarget | ModuleTarget:
        """Answer the list or module of that name.

        Raises:
            SettingWrong: The connection has none of that name.
        """
        targets: dict[str, ListTarget | ModuleTarget] = {target.name: target for target in self.settings.lists}
        targets |= {target.name: target for target in self.settings.modules}
        if name not in targets:
            raise SettingWrong(
                f"The connection {self.name!r} has no list or module {name!r}.",
                "Nothing can be loaded for it.",
                f"Use one of: {', '.join(targets) or 'none yet'}.",
            )
        return targets[name]

    def refuse_neighbours(self, target: str) -> None:
        """Refuse a target into which another connection writes as well.

        Raises:
            SettingWrong: Names the others.
        """
        read = {name: read_connection(path)[0] for name, path in self.connector.paths.items()}
        others = {name: settings for name, settings in read.items() if settings is not None}
        refuse_neighbours(self.name, target, others | {self.name: self.settings})

    def settings_hash(self, target: str) -> str:
        """Answer the hash of every setting that decides what a target's file holds and where it goes.

        The schedule is not among them: moving it makes nothing due.
        """
        chosen = {
            "target": self.target(target).model_dump(mode="json", by_alias=True, exclude={"schedule"}),
            "source": self.settings.source.model_dump(include={"system", "company_id", "time_zone"}),
            "anaplan": self.settings.anaplan.model_dump(include={"workspace", "model"}),
            "mapping": {name: one.model_dump() for name, one in sorted(self.settings.mapping.items())},
        }
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()

    def reader(self) -> CompanyReader:
        """Answer the company's reader; the same one when asked again."""
        return self._reader

    @property
    def source_calls(self) -> int:
        """How many requests this opened company has made so far, or answers it took; a pull meters itself by it."""
        sent = self._source_http.calls if "_source_http" in self.__dict__ else 0
        return sent + self._meter.calls

    def quota(self) -> Quota | None:
        """Answer how many calls a day the accounting system allows us and what is left of them; None where it counts no day."""
        return self._source_http.quota()

    def model(self) -> AnaplanModel:
        """Answer the Anaplan model; the same one when asked again."""
        return self._model

    def close(self) -> None:
        """Give the clients' connections back."""
        self._closing.close()
        for opened in ("_reader", "session", "_model", "_source_http"):
            self.__dict__.pop(opened, None)
        self.records_read.clear()

    @cached_property
    def _meter(self) -> Meter:
        return Meter()

    @cached_property
    def _addresses(self) -> SourceAddresses:
        from ml_connector_dagster.connections.addresses import SourceAddresses

        chosen = self.settings.source
        place = self._source_credential.place if self.source.grant else ""
        return SourceAddresses.of(self.source, chosen.at, self.connector.environment.sandbox_url, place)

    @property
    def _source_credential(self) -> Credential:
        from ml_connector_dagster.connections.credentials import Credentials

        return Credentials(self.store).named(self.settings.source.credential)

    @cached_property
    def _source_http(self) -> VendorHttp:
        from ml_connector_dagster.connections.clients import no_http, source_http

        if self.source.grant:
            http = source_http(self.connector, self.source, self.settings.source, self._addresses)
        else:
            http = no_http(self.source)
        self._closing.callback(http.close)
        return http

    @cached_property
    def session(self) -> CompanySession:
        """What the source opens the company with."""
        from ml_connector_dagster.store.details import Details

        chosen = self.settings.source
        return CompanySession(
            self._source_http,
            self._addresses.api_url,
            chosen.company_id,
            chosen.time_zone,
            self._source_credential.consent if self.source.grant else {},
            Details(self.store, chosen.system, chosen.company_id),
            self.store,
            self._meter,
        )

    @cached_property
    def _reader(self) -> CompanyReader:
        reader = self.source.open_company(self.session)
        self._closing.callback(reader.close)
        return reader

    @cached_property
    def _model(self) -> AnaplanModel:
        from ml_connector_dagster.anaplan.client import AnaplanModel
        from ml_connector_dagster.connections.addresses import anaplan_endpoints
        from ml_connector_dagster.connections.clients import AnaplanAccess, anaplan_http

        chosen = self.settings.anaplan
        sandbox_url = self.connector.environment.sandbox_url
        access = AnaplanAccess(chosen.credential, chosen.region, chosen.at, chosen.requests_per_minute)
        http = anaplan_http(self.connector, access, sandbox_url)
        self._closing.callback(http.close)
        return AnaplanModel(
            http,
            api_url=anaplan_endpoints(chosen.region, chosen.at, sandbox_url).api,
            workspace_id=chosen.workspace,
            model_id=chosen.model,
            locks=self.locks,
        )


@dataclass(frozen=True, slots=True)
class OpenAnaplan:
    """An Anaplan login that no connection stands for yet."""

    http: VendorHttp
    api_url: str
    locks: Locks

    def model(self, workspace_id: str, model_id: str) -> AnaplanModel:
        """Answer one of its models."""
        from ml_connector_dagster.anaplan.client import AnaplanModel

        return AnaplanModel(
            self.http, api_url=self.api_url, workspace_id=workspace_id, model_id=model_id, locks=self.locks
        )


@contextmanager
def open_anaplan(connector: Connector, credential: str, *, region: str, at: str) -> Iterator[OpenAnaplan]:
    """Open an Anaplan login, to see what it reaches before a connection names it."""
    from ml_connector_dagster.connections.addresses import anaplan_endpoints
    from ml_connector_dagster.connections.clients import AnaplanAccess, anaplan_http

    sandbox_url = connector.environment.sandbox_url
    http = anaplan_http(connector, AnaplanAccess(credential, region, at), sandbox_url)
    try:
        yield OpenAnaplan(http, anaplan_endpoints(region, at, sandbox_url).api, connector.locks)
    finally:
        http.close()
