"""Keys that open nothing of what is stored, and a rotation that is not finished."""

from cryptography.fernet import Fernet

from bot.doctor.finding import State
from bot.store.database import Database
from bot.store.rotation import rotate
from bot.store.token_cache import TokenCache
from tests.doctor.site import Site, told


async def test_another_key(site: Site) -> None:
    other = Fernet.generate_key().decode()
    await site.finds("keys", "none of the ENCRYPTION_KEYS", "back into ENCRYPTION_KEYS", encryption_keys=other)


async def test_what_a_lost_key_wrote_is_named_by_its_table(site: Site) -> None:
    lost = Fernet.generate_key().decode()
    await keep(site, f"{lost},{site.key}")
    # What is a person's is under a key of theirs, and that one under the key that was lost.
    await site.finds("keys", "person_keys", "ENCRYPTION_KEYS")


async def test_a_rotation_is_not_finished(site: Site) -> None:
    new = f"{Fernet.generate_key().decode()},{site.key}"
    await site.finds("keys", "rotation is not finished", "docs/doctor.md", state=State.WARNING, encryption_keys=new)
    database = await Database.open(str(site.values["database_url"]), new.split(","))
    changed = await rotate(database)
    await database.aclose()
    assert changed > 0
    found = await site.examined("keys", encryption_keys=new)
    assert found[0].state is State.OK, told(found)
    assert "nothing is under the 1 others" in found[0].findings[0].what


async def test_a_key_twice(site: Site) -> None:
    await site.finds("keys", "twice", state=State.WARNING, encryption_keys=f"{site.key},{site.key}")


async def keep(site: Site, keys: str) -> None:
    database = await Database.open(str(site.values["database_url"]), keys.split(","))
    await TokenCache(database).save("p", b"tokens", 0)
    await database.aclose()
