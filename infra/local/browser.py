"""A browser without a window: opens one link and signs in as the person it hints at, so that `make demo` needs no click.

Used as `BROWSER="python -m infra.local.browser %s"`. It only ever talks to loopback.
"""

import asyncio
import ssl
import sys

import aiohttp
from yarl import URL

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MOST_REDIRECTS = 10


async def sign_in(link: str) -> int:
    """Follows redirects from a sign-in link to its end; the person is the link's `login_hint`. Returns the last status."""
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE  # the local tenant makes a new certificate authority at every start
    url = URL(link)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for _ in range(MOST_REDIRECTS):
            if url.host not in LOOPBACK:
                raise SystemExit("This browser only opens pages of this machine.")
            if url.path.endswith("/oauth2/v2.0/authorize"):
                url = url.update_query(auto="1")
            async with session.get(url, allow_redirects=False, ssl=trust) as answer:
                if answer.status not in {301, 302, 303, 307}:
                    return answer.status
                url = url.join(URL(answer.headers["Location"], encoded=True))
    raise SystemExit("The sign-in went in circles.")


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(sign_in(sys.argv[1])) == 200 else 1)
