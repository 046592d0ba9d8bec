"""Everything a bot loads late, loaded at once: what is forked from here starts in a moment."""

import pkgutil
from importlib import import_module

PACKAGES = ("bot.commands", "bot.events", "bot.tools", "bot.digests", "bot.store", "graph", "graph.wire", "providers")
LATE = ("dbos._sys_db_sqlite", "dbos._sys_db_postgres", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql",
        "aiosqlite", "asyncpg", "psycopg", "jsonschema.validators", "tests.soak.digest_worker")  # fmt: skip

for package in map(import_module, PACKAGES):
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
for name in LATE:
    import_module(name)
