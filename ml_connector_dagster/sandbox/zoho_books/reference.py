"""What the company's records refer to: customers, vendors, items, tags, locations, projects, taxes, currencies.

Ids are fixed by this table, whatever the seed.
"""

import random
from dataclasses import dataclass

from ml_connector_dagster.sandbox.zoho_books.chart import account_id
from ml_connector_dagster.sandbox.zoho_books.records import Contact, Item

_PREFIX = "46000002"


def fixed_id(number: int) -> str:
    """A 19-digit id, as text."""
    return f"{_PREFIX}{number:011d}"


@dataclass(frozen=True)
class Tax:
    tax_id: str
    name: str
    percentage: int


STANDARD = Tax(fixed_id(1), "Standard Rate", 20)
REDUCED = Tax(fixed_id(2), "Reduced Rate", 5)
ZERO = Tax(fixed_id(3), "Zero Rate", 0)
TAXES = {tax.tax_id: tax for tax in (STANDARD, REDUCED, ZERO)}

CURRENCIES = {"GBP": fixed_id(11), "USD": fixed_id(12), "EUR": fixed_id(13)}
CURRENCY_NAMES = {"GBP": ("Pound Sterling", "£"), "USD": ("US Dollar", "$"), "EUR": ("Euro", "€")}


@dataclass(frozen=True)
class Tag:
    """A reporting tag and its options: id to name."""

    tag_id: str
    name: str
    options: dict[str, str]


CHANNEL = Tag(
    fixed_id(100),
    "Channel",
    {fixed_id(101): "Online", fixed_id(102): "Wholesale", fixed_id(103): "Outlet", fixed_id(104): "Export"},
)
RANGE = Tag(
    fixed_id(110),
    "Range",
    {fixed_id(111): "Kitchen", fixed_id(112): "Bedroom", fixed_id(113): "Garden", fixed_id(114): "Lighting"},
)
TAGS = (CHANNEL, RANGE)
OPTIONS = {option: (tag, name) for tag in TAGS for option, name in tag.options.items()}

LOCATIONS = {fixed_id(150): "Head Office", fixed_id(151): "Northern Warehouse", fixed_id(152): "Outlet York"}
PROJECTS = {
    fixed_id(160): ("Spring Fair 2026 stand", 0),
    fixed_id(161): ("Harbour Hotels refit", 2),
    fixed_id(162): ("Own-label range", 3),
}
"""Id to name and the customer's place in the list of customers."""

_SHOPS = (
    "Oak & Ivy Interiors|Fenwick Lane Stores|Harbour Hotels Group|Penrose Department Stores|Tidewell Homes|"
    "The Linen Room|Castlegate Living|Brindle & Co|Moorland Garden Centres|Saltmarsh Kitchens|Copper Beech Gifts|"
    "Riverside Furnishings|Hallam Street Lighting|Quayside Cookshop|Dovecote Trading|Larkspur Home|Thornbury Stores|"
    "Wren & Daughters|Elmfield Retail|Northgate Bazaar|Pinnacle Homeware|Summerhouse Direct"
)
_ABROAD = (
    "Maison Clairval|EUR,Hus och Hem Nordisk|EUR,Casa Bellini|EUR,Bluebonnet Home Inc.|USD,Cedar Lake Living LLC|USD"
)
_MARKETPLACES = "Marlow Web Shop|Greenbasket Marketplace|Homely Marketplace"
_SUPPLIERS = (
    "Stokefield Ceramics|Ashdown Textiles|Pennine Glassworks|Lowther Lighting|Weald Timber Products|Tyne Packaging|"
    "Meridian Freight|Swift Courier Services|Broadgate Estates|Outlet Properties York|Beacon Energy|Kestrel Software|"
    "Alder & Finch Accountants|Signal Marketing|Fairground Exhibitions|Guardian Insurance|Office Basics|Norland Legal|"
    "Crown Vehicle Hire|Dale Maintenance"
)
_OVERSEAS = "Ningbo Homeware Export|USD,Shenzhen Lamps Co|USD,Porto Ceramica|EUR"
_GOODS = (
    "Stoneware dinner set|KIT-101|8900|3650|111,Glass carafe|KIT-102|2450|880|111,Oak serving board|KIT-103|3200|1240|111,"
    "Linen apron|KIT-104|2800|990|111,Cotton throw|BED-201|4500|1710|112,Feather cushion|BED-202|3800|1430|112,"
    "Percale duvet set|BED-203|9900|4120|112,Wool blanket|BED-204|11900|5160|112,Terracotta planter|GAR-301|2600|910|113,"
    "Teak bench|GAR-302|24900|11700|113,Watering can|GAR-303|1950|720|113,Brass table lamp|LIG-401|7600|3010|114,"
    "Paper pendant|LIG-402|3400|1180|114,Festoon lights|LIG-403|4200|1690|114"
)
_SERVICES = "Gift wrapping|SRV-901|450,Delivery to room|SRV-902|3900,Display hire|SRV-903|12500"


def contacts(began_ms: int) -> dict[str, Contact]:
    """Customers, then vendors; one of each inactive, one customer merged into another."""
    rng = random.Random("zoho contacts")
    home = [(name, "GBP") for name in _MARKETPLACES.split("|") + _SHOPS.split("|")]
    abroad = [tuple(pair.split("|")) for pair in _ABROAD.split(",")]
    suppliers = [(name, "GBP") for name in _SUPPLIERS.split("|")]
    overseas = [tuple(pair.split("|")) for pair in _OVERSEAS.split(",")]
    found: list[Contact] = []
    for kind, start, parties in (("customer", 1_000, [*home, *abroad]), ("vendor", 2_000, [*suppliers, *overseas])):
        for place, (name, currency) in enumerate(parties):
            found.append(
                Contact(
                    fixed_id(start + place),
                    name,
                    kind,
                    currency,
                    manager=rng.choice(("Priya", "Tom", "Eilidh")),
                    created_ms=began_ms,
                    modified_ms=began_ms,
                )
            )
    by_name = {one.name: one for one in found}
    by_name["Summerhouse Direct"].is_active = by_name["Dale Maintenance"].is_active = False
    loser = by_name["Pinnacle Homeware"]
    loser.is_active, loser.merged_to = False, by_name["Penrose Department Stores"].contact_id
    return {one.contact_id: one for one in found}


def items(began_ms: int) -> dict[str, Item]:
    """Goods with their stock account, and services."""
    found = []
    for place, row in enumerate(_GOODS.split(",")):
        name, sku, rate, cost, _ = row.split("|")
        found.append(
            Item(
                fixed_id(3_000 + place),
                name,
                sku,
                int(rate),
                int(cost),
                account_id(202),
                account_id(508),
                modified_ms=began_ms,
            )
        )
    for place, row in enumerate(_SERVICES.split(",")):
        name, sku, rate = row.split("|")
        found.append(
            Item(
                fixed_id(3_100 + place),
                name,
                sku,
                int(rate),
                0,
                account_id(202),
                account_id(405),
                is_goods=False,
                modified_ms=began_ms,
            )
        )
    found[-1].is_active = False
    return {one.item_id: one for one in found}


def range_of(item: Item) -> str:
    """The option of the tag Range that an item carries; empty for a service."""
    rows = {row.split("|")[1]: row.split("|")[4] for row in _GOODS.split(",")}
    return fixed_id(int(rows[item.sku])) if item.sku in rows else ""
