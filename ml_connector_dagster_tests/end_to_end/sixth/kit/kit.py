"""Abacus for the conformance suite."""

from ml_connector_dagster.sources.abacus.source import SOURCE

from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster_tests.sources.fake_http import FakeHttp, Told

REFUSALS = {
    "forbidden": Told({}, 403),
    "unauthorised": Told({}, 401),
    "minute_quota": Told({}, 429),
    "day_quota": Told({}, 429, {"X-Spent": "day"}),
    "web_page": Told(b"<html>Bad gateway</html>"),
}


class AbacusKit:
    base_currency = "GBP"

    def open(self, records):
        by_path: dict[str, object] = {SOURCE.entity(name).endpoint: list(found) for name, found in records.items()}
        by_path["company"] = {"id": "shop-1", "name": "Corner shop", "currency": "GBP"}
        return self._opened(lambda asked: Told(by_path.get(asked.path.rsplit("/", 1)[1], [])))

    def open_refusing(self, refusal):
        return self._opened(lambda _: REFUSALS[refusal])

    def records(self, entity, period, count):
        return [self._record(entity, f"{period}-{1 + number:02d}", f"{entity}-{number}") for number in range(count)]

    def unreadable(self, entity, period):
        return {"id": "spoiled"}

    def _record(self, entity, day, number):
        if entity == "ledger_accounts":
            return {"id": number, "code": number, "name": number, "class": "income"}
        if entity in {"customers", "vendors"}:
            return {"id": number, "name": number}
        return {"id": number, "on": day, "party": "p", "lines": [{"id": "1", "account": "sales", "amount": "12.50"}]}

    def _opened(self, answer):
        http = FakeHttp(answer, SOURCE.classify)
        return SOURCE.open_company(CompanySession(http, "https://api.abacus.example/v1", "shop-1", "UTC")), http


KIT = AbacusKit()
