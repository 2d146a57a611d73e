"""Customers, suppliers and tracking of the firm: invented names, ids that depend on the tenant alone."""

import itertools
import random

from ml_connector_dagster.sandbox.books.chart import stable_id
from ml_connector_dagster.sandbox.books.records import Contact, TrackingCategory, TrackingOption

_FIRST = [
    "Alder",
    "Brook",
    "Cairn",
    "Dunmore",
    "Eastfield",
    "Fernhill",
    "Glen",
    "Harrow",
    "Inver",
    "Juniper",
    "Kestrel",
    "Larch",
    "Merrion",
    "Norwood",
    "Oakley",
]
_SECOND = [
    "Foods",
    "Logistics",
    "Pharma",
    "Energy",
    "Retail",
    "Housing",
    "Media",
    "Water",
    "Textiles",
    "Robotics",
    "Insurance",
    "Airports",
]
_SUPPLIERS = [
    "Stationers",
    "Cloud",
    "Telecom",
    "Catering",
    "Estates",
    "Recruiters",
    "Couriers",
    "Print",
    "Security",
    "Legal",
    "Travel",
    "Facilities",
]
_REGIONS = {
    "GB": ("London", "Midlands", "North", "Scotland", "Wales (closed)"),
    "IE": ("Dublin", "Munster", "Connacht", "Ulster (closed)"),
}
_PRACTICES = ("Strategy", "Finance Transformation", "Data", "Cyber", "Tax Technology")


def tracking(tenant_id: str, country: str) -> list[TrackingCategory]:
    """Region and Practice, the two active categories Xero allows, and an archived one; a closed region is archived."""
    regions = [
        TrackingOption(stable_id(tenant_id, f"region:{name}"), name, "ARCHIVED" if "closed" in name else "ACTIVE")
        for name in _REGIONS[country]
    ]
    practices = [TrackingOption(stable_id(tenant_id, f"practice:{name}"), name) for name in _PRACTICES]
    return [
        TrackingCategory(stable_id(tenant_id, "tracking:Region"), "Region", regions),
        TrackingCategory(stable_id(tenant_id, "tracking:Practice"), "Practice", practices),
        TrackingCategory(stable_id(tenant_id, "tracking:Office"), "Office", [], "ARCHIVED"),
    ]


def contacts(tenant_id: str, *, base: str, foreign: tuple[str, ...], regions: list[str], count: int) -> list[Contact]:
    """Customers and suppliers in equal numbers; two archived, one merged into another, one that is both."""
    rng = random.Random(f"parties:{tenant_id}")
    customers = [f"{first} {second}" for first, second in itertools.product(_FIRST, _SECOND)]
    rng.shuffle(customers)
    suppliers = [f"{first} {second}" for first, second in itertools.product(_FIRST, _SUPPLIERS)]
    rng.shuffle(suppliers)
    found = [
        _contact(tenant_id, name, rng, is_customer=is_customer, base=base, foreign=foreign, regions=regions)
        for names, is_customer in ((customers, True), (suppliers, False))
        for name in names[:count]
    ]
    found[0].is_supplier = True
    found[count - 1].status = found[-1].status = "ARCHIVED"
    loser, survivor = found[count - 2], found[1]
    loser.status, loser.merged_to = "ARCHIVED", survivor.contact_id
    return found


def _contact(
    tenant_id: str,
    name: str,
    rng: random.Random,
    *,
    is_customer: bool,
    base: str,
    foreign: tuple[str, ...],
    regions: list[str],
) -> Contact:
    suffix = rng.choice(("Ltd", "plc", "LLP", "Group")) if rng.random() < 0.8 else "& Sons"
    slug = name.lower().replace(" ", "-")
    return Contact(
        contact_id=stable_id(tenant_id, f"contact:{name}"),
        name=f"{name} {suffix}",
        is_customer=is_customer,
        is_supplier=not is_customer,
        currency=rng.choice(foreign) if rng.random() < (0.25 if is_customer else 0.12) else base,
        region=rng.choice(regions),
        email=f"accounts@{slug}.example",
    )
