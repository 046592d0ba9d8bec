"""Builds the company that lives in the local tenant."""

from datetime import datetime
from zoneinfo import ZoneInfo

from infra.local.company import people
from infra.local.company.model import Company

TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def company() -> Company:
    """A fresh company; the same one, to the byte, on every call. Callers may change what they get."""
    return Company(people.TENANT_ID, people.NAME, people.DOMAIN, TODAY, people=people.people(), groups=people.groups())
