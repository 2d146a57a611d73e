"""What every record shares on the wire: stamps in the organisation's zone, empty texts for nothing, tags, custom fields."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_dagster.sandbox.zoho_books.answers import Json, number, shown_rate
from ml_connector_dagster.sandbox.zoho_books.company import ZONE, Company
from ml_connector_dagster.sandbox.zoho_books.records import Doc, Line
from ml_connector_dagster.sandbox.zoho_books.reference import CURRENCIES, LOCATIONS, OPTIONS, PROJECTS, TAXES

_FIELDS = {"cf_sales_region": "Sales Region", "cf_buyer": "Buyer", "cf_account_manager": "Account Manager"}


def stamp(milliseconds: int, zone: ZoneInfo = ZONE) -> str:
    """An instant in the organisation's zone, offset without a colon: 2026-06-09T13:14:55+0100."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).astimezone(zone)
    return f"{moment:%Y-%m-%dT%H:%M:%S%z}"


def day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


def stamps(doc: Doc) -> Json:
    return {"created_time": stamp(doc.created_ms), "last_modified_time": stamp(doc.modified_ms)}


def money(doc: Doc) -> Json:
    """Currency of a record; the rate is base currency for one unit of foreign."""
    return {
        "currency_id": CURRENCIES[doc.currency],
        "currency_code": doc.currency,
        "exchange_rate": shown_rate(doc.rate),
    }


def tags(options: tuple[str, ...]) -> list[Json]:
    """Reporting tags with their chosen options."""
    return [
        {
            "tag_id": OPTIONS[option][0].tag_id,
            "tag_name": OPTIONS[option][0].name,
            "tag_option_id": option,
            "tag_option_name": OPTIONS[option][1],
            "is_tag_mandatory": False,
        }
        for option in options
        if option
    ]


def contact(company: Company, contact_id: str, role: str) -> Json:
    """customer_id and customer_name, or vendor_id and vendor_name; "" where there is none."""
    found = company.contacts.get(contact_id)
    return {f"{role}_id": contact_id, f"{role}_name": found.name if found else ""}


def account(company: Company, account_id: str, name: str = "account") -> Json:
    found = company.accounts.get(account_id)
    return {f"{name}_id": account_id, f"{name}_name": found.name if found else ""}


def location(doc: Doc) -> Json:
    return {"location_id": doc.location_id, "location_name": LOCATIONS.get(doc.location_id, "")}


def custom_row(values: dict[str, str]) -> Json:
    """List rows: flattened, and as a hash; the key cf_… is absent where the field has no value."""
    shown = {name: value for name, value in values.items() if value}
    hashed = {key: value for name, value in shown.items() for key in (name, f"{name}_unformatted")}
    return {**shown, "custom_fields": custom_list(values), "custom_field_hash": hashed}


def custom_list(values: dict[str, str]) -> list[Json]:
    return [
        {
            "field_id": f"4600000300000{place:06d}",
            "customfield_id": f"4600000300000{place:06d}",
            "label": _FIELDS[name],
            "api_name": name,
            "data_type": "dropdown",
            "value": value,
            "value_formatted": value,
            "index": place + 1,
            "is_active": True,
        }
        for place, (name, value) in enumerate(values.items())
        if value
    ]


def line_item(company: Company, doc: Doc, line: Line, place: int) -> Json:
    """A line of an invoice, bill, order, credit or expense: amounts in the document's currency, bcy_ in base."""
    tax = TAXES.get(line.tax_id)
    found = company.accounts.get(line.account_id)
    return {
        "line_item_id": line.line_id,
        "item_id": line.item_id,
        "item_order": place + 1,
        "name": company.items[line.item_id].name if line.item_id in company.items else "",
        "description": line.description,
        "account_id": line.account_id,
        "account_name": found.name if found else "",
        "account_code": found.code if found else "",
        "quantity": line.quantity,
        "unit": "pcs" if line.item_id else "",
        "rate": number(line.rate),
        "bcy_rate": number(doc.base(line.rate)),
        "discount": number(line.discount),
        "discount_amount": number(line.discount),
        "tax_id": line.tax_id,
        "tax_name": tax.name if tax else "",
        "tax_percentage": tax.percentage if tax and tax.percentage else "" if not tax else 0,
        "line_item_taxes": _taxes(line),
        "tax_amount": number(line.tax),
        "item_total": number(line.amount),
        "project_id": line.project_id,
        "project_name": PROJECTS[line.project_id][0] if line.project_id else "",
        "tags": tags(line.tags),
        "item_custom_fields": [],
        "location_id": doc.location_id,
    }


def document_sums(doc: Doc) -> Json:
    """The foot of a document. sub_total holds the tax where the document is inclusive."""
    return {
        "sub_total": number(doc.sub_total),
        "tax_total": number(doc.tax_total),
        "discount_total": number(doc.discount),
        "discount": number(doc.discount),
        "discount_amount": number(doc.discount),
        "discount_type": "entity_level" if doc.discount else "item_level",
        "is_discount_before_tax": True,
        "is_inclusive_tax": doc.is_inclusive,
        "adjustment": number(doc.adjustment),
        "total": number(doc.total),
        "bcy_total": number(doc.base(doc.total)),
        "price_precision": 2,
        "taxes": _document_taxes(doc),
    }


def spoiled(doc: Any, shown: Json) -> Json:
    """A record as the wire has it: a test may have spoiled fields."""
    return shown | doc.damaged if doc.damaged else shown


def _taxes(line: Line) -> list[Json]:
    tax = TAXES.get(line.tax_id)
    if tax is None or not line.tax:
        return []
    return [{"tax_id": tax.tax_id, "tax_name": f"{tax.name} ({tax.percentage}%)", "tax_amount": number(line.tax)}]


def _document_taxes(doc: Doc) -> list[Json]:
    sums: dict[str, int] = {}
    for line in doc.lines:
        if line.tax:
            sums[line.tax_id] = sums.get(line.tax_id, 0) + line.tax
    return [
        {"tax_id": tax_id, "tax_name": TAXES[tax_id].name, "tax_amount": number(cents)}
        for tax_id, cents in sums.items()
    ]
