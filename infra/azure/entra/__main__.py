"""`python -m infra.azure.entra register|remove`: prints the calls it would make, as JSON; with --apply it makes them."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.settings import Settings
from infra.azure.entra.plan import Step, Wanted, register, remove, results
from infra.azure.entra.running import SECONDS, Failed, Runner, azure_token

GRAPH = "https://graph.microsoft.com/v1.0"


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    try:
        wanted = _wanted(given)
        steps = remove(wanted, purge=given.purge) if given.what == "remove" else register(wanted)
        if not given.apply:
            sys.stdout.write(f"{json.dumps([shown(step, given.graph) for step in steps], indent=2)}\n")
            sys.stderr.write("Nothing was changed. These calls are made with --apply.\n")
            return 0
        return _apply(given, wanted, steps)
    except (Failed, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def shown(step: Step, graph: str = GRAPH) -> dict[str, object]:
    """A call as it is made, but for the names in braces, which answers before it give."""
    called: dict[str, object] = {"why": step.why, "method": step.method, "url": f"{graph.rstrip('/')}{step.path}"}
    if step.unless:
        called["patched instead if this finds it"] = f"{graph.rstrip('/')}{step.unless}"
    if step.headers:
        called["headers"] = dict(step.headers)
    if step.body is not None:
        called["body"] = step.body
    return called


def _apply(given: argparse.Namespace, wanted: Wanted, steps: Sequence[Step]) -> int:
    headers = {"Authorization": f"Bearer {_token(given)}"}
    with httpx.Client(base_url=f"{given.graph.rstrip('/')}/", headers=headers, timeout=SECONDS) as client:
        runner = Runner(client, lambda line: print(line, file=sys.stderr))
        done = runner.run(steps)
    if given.what == "remove":
        sys.stderr.write("Removed.\n" if done else "There is no such app: nothing to remove.\n")
        return 0
    sys.stderr.write("Registered. The bot's settings:\n")
    sys.stdout.writelines(f"{name}={value}\n" for name, value in results(wanted, runner.kept).items())
    return 0


def _token(given: argparse.Namespace) -> str:
    if place := given.token_file:
        return (sys.stdin.read() if place == "-" else Path(place).read_text("utf-8")).strip()
    parts = urlsplit(given.graph)
    return azure_token(f"{parts.scheme}://{parts.netloc}")


def _wanted(given: argparse.Namespace) -> Wanted:
    if given.what == "remove":
        return Wanted("", name=_name(given.name))
    if bool(given.identity_client) != bool(given.identity_principal):
        raise ValueError(
            "A managed identity has two ids, and both are needed: --identity-client and --identity-principal."
        )
    if urlsplit(given.public_url).scheme != "https":
        raise ValueError("--public-url must be the https address people's browsers reach the bot at.")
    decided = {
        "copilot": given.copilot,
        "shared_mailboxes": tuple(name.strip() for name in given.shared_mailboxes.split(",") if name.strip()),
        "policy": "yes" if given.policy else "",
        "admin_group": "yes" if given.admin_page else "",
    }
    return Wanted(
        given.public_url.rstrip("/"),
        name=_name(given.name),
        display_name=given.display_name,
        settings=Settings.model_construct(**decided),
        identity_client=given.identity_client,
        identity_principal=given.identity_principal,
        login=given.login,
        certificates=tuple(path.read_bytes() for path in given.certificate),
        secret=given.secret,
        consent=given.consent,
    )


def _name(name: str) -> str:
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ValueError("--name has letters, digits and hyphens only.")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.azure.entra", description="The app registration in Entra.")
    kinds = parser.add_subparsers(dest="what", required=True)
    made = kinds.add_parser("register", help="make the app, or bring it up to date")
    gone = kinds.add_parser("remove", help="take it back")
    for one in (made, gone):
        one.add_argument("--apply", action="store_true", help="make the calls; without it they are printed only")
        one.add_argument("--name", default="parley", help="the name the app is found again by")
        one.add_argument(
            "--token-file", default="", metavar="FILE", help="a token for Graph (-: standard input), instead of az"
        )
        one.add_argument("--graph", default=GRAPH, metavar="URL", help="Graph of another cloud, with its version")
    made.add_argument("--public-url", required=True, metavar="URL", help="the bot's PUBLIC_URL")
    made.add_argument("--display-name", default="Parley", help="what people see when they agree")
    made.add_argument(
        "--identity-client", default="", metavar="ID", help="client id of the managed identity the bot runs as"
    )
    made.add_argument("--identity-principal", default="", metavar="ID", help="its object (principal) id")
    made.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="instead of a secret; may be repeated",
    )
    made.add_argument("--secret", action="store_true", help="make a client secret, where nothing else is possible")
    made.add_argument("--consent", action="store_true", help="agree for everybody in the tenant")
    made.add_argument("--copilot", action="store_true", help="the bot runs with COPILOT=1")
    made.add_argument("--shared-mailboxes", default="", metavar="NAMES", help="the bot's SHARED_MAILBOXES")
    made.add_argument("--policy", action="store_true", help="the bot's POLICY has rules about groups or mail addresses")
    made.add_argument("--admin-page", action="store_true", help="the bot has an ADMIN_GROUP")
    made.add_argument(
        "--login", default="https://login.microsoftonline.com", metavar="URL", help="Entra of another cloud"
    )
    gone.add_argument("--purge", action="store_true", help="for good, instead of into the bin for 30 days")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
