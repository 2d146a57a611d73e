from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.limits import Limits
from ml_connector_dagster.store.locks import Locks


def test_a_store_opens(store: Store) -> None:
    with store.begin() as connection:
        assert connection.in_transaction()
    assert store.now().utcoffset() is not None
    with Locks(store).hold("a", 0) as held:
        held.ping()
    assert Limits(store).acquire("x", 10, 1) == 0.0
