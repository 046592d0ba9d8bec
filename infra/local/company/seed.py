"""Builds the company that lives in the local tenant."""

from datetime import datetime
from functools import cache

from infra.local.company import drives, people
from infra.local.company.bundle import BERLIN
from infra.local.company.model import Company

TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=BERLIN)


@cache
def company() -> Company:
    """A fresh company; the same one, to the byte, on every call. Callers may change what they get."""
    staff = people.people()
    storage = drives.storage(staff)
    return Company(
        people.TENANT_ID,
        people.NAME,
        people.DOMAIN,
        TODAY,
        people=staff,
        groups=people.groups(),
        sites=storage.sites,
        drives=storage.drives,
        items=storage.items,
    )
