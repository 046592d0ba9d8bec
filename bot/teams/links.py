"""Which addresses may leave us, and how every other one is written so that no client makes a link of it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from markdown_it import MarkdownIt

REMOVED = "(…)"
"""Stands for a link that has no name worth reading."""
_NORMALIZE = MarkdownIt("commonmark").normalizeLink
_LONGEST_HOST = 60
"""Characters of a host that is still shown: a longer one is more likely a message than a name."""
# Not `\S`: in Chinese and Japanese no space parts an address from the sentence it stands in.
_TAIL = r"(?-i:[^\s<>\"`\u2000-\U0010ffff])"  # a range that ignores case would hold `k`, as the Kelvin sign
_DOT = "[.\u3002\uff0e\uff61]"
_LABEL = r"[^\W_][\w-]{0,62}"
_TOP = r"[^\W\d_](?:[^\W_]|-){1,62}"
_SCHEMES = (
    "about|blob|callto|cid|data(?=:\\w+/)|facetime|file|ftp|geo|intent|javascript|magnet|mailto|ms-[a-z-]{2,20}|msteams|onenote"
    "|search-ms|sips?|skype|slack|sms|ssh|tel|vbscript|view-source|vscode|web\\+[a-z]{1,20}|xmpp|zoommtg"
)
_SPOKEN = frozenset({"callto", "facetime", "file", "geo", "mailto", "sip", "sips", "skype", "sms", "tel"})
"""What follows these may be for people to read; what follows the others is for machines."""
_LINKISH = re.compile(
    rf"(?P<full>[a-z0-9+.-]{{0,30}}:[/\\]{{2}}{_TAIL}*)"
    rf"|(?P<scheme>(?<![\w+.-])(?:{_SCHEMES})):(?=[^\s:]){_TAIL}*"
    rf"|(?P<mail>(?<![\w.+-])[\w.+-]{{1,64}}@(?:{_LABEL}\.){{1,20}}{_TOP}(?!\.?[\w-]|[/\\?#]|:\d))"
    rf"|(?P<half>(?:https?|ftp):[/\\]?)?(?P<host>(?<![^\W_]|-)(?:{_LABEL}{_DOT}){{1,126}}(?P<top>{_TOP}))"
    rf"(?P<port>:\d{{1,5}})?(?P<tail>[/\\?#]{_TAIL}*)?",
    re.IGNORECASE,
)
# Every one of them has a letter behind a dot, or something behind a colon; most texts have neither, and this is seen at once.
_MAY_BE_LINKISH = re.compile(rf"{_DOT}(?=[^\W\d_])|:(?=[^\s:])")
_AFTER = ".,;:!?'\")]}>*_~|\\"
"""Ends the sentence, not the address."""
_COUNTRY = re.compile(
    "a[cdefgilmnoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegrstu]|f[ijkmor]|g[abdefghilmnpqrstuwy]"
    "|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]|n[acefgilopruz]|om|p[aefghklmnrstwy]"
    "|qa|r[eosuw]|s[abcdeghijklmnorstuvxyz]|t[cdfghjklmnortvwz]|u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]|xn--.+"
)
_NAMES = """
    academy adult aero africa agency ai app arpa art asia auto band bank bar berlin best bet bid bike bio biz blog boo build
    builders business buzz cafe cam camp capital car cards care cars casa cash casino cat center chat cheap church city cleaning click
    clinic clothing cloud club codes coffee college com community company computer consulting contact contractors cool coop corp
    country coupons credit cruises cyou dad data date dating day deals delivery dental design dev diet digital direct directory
    discount dot domains download earth eco edu education email energy engineer engineering enterprises equipment estate events
    example exchange expert express fail faith family fan farm fashion film finance financial fit fitness flights flowers foo football
    forsale forum foundation fun fund fyi gallery game games garden gay gift gifts gives glass global gmbh gold golf google gov graphics
    gratis green group guide guru hamburg haus health help hiv holdings holiday homes horse hospital host hosting hotel house how icu
    immo inc industries info ing ink institute insure int internal international invalid investments irish irs jetzt jewelry jobs koeln
    kitchen kim lan land law lawyer lease legal lgbt life limited link live llc loan local localhost lol london love ltd management
    market marketing markets mba media melbourne meme men menu miami microsoft mil mobi moda moe mom money monster mortgage mov movie
    museum name navy net network new news nexus ngo ninja nyc office one ong onion onl online org page paris partners parts party pet
    photo photography photos pics pictures pink pizza place plumbing plus poker porn post press pro productions prof promo properties
    property pub quest racing recipes red rehab reise reisen rent rentals repair report republican rest restaurant review reviews rich
    rip rocks rodeo rsvp ruhr run sale salon sbs school science security services sex sexy sh shoes shop shopping show singles site ski
    skin soccer social software solar solutions space storage store stream studio style support surf surgery swiss sydney systems tax
    taxi team tech technology tel tennis test theater tips tires today tokyo tools top tours town toys trade trading training travel
    tube university uno vacations vegas ventures versicherung video villas vin vip vision vodka vote voyage wales wang watch web
    webcam website wedding wien wiki win windows wine work works world wtf xxx xyz yoga zip zone бел ею ком москва онлайн орг рус рф
    сайт срб укр қаз 中国 中國 公司 在线 香港 台湾 台灣 网址 网络 網路 商城 한국 भारत الاردن السعودية امارات ایران عمان مصر みんな コム ไทย
"""
_GENERIC = frozenset(_NAMES.split())
_FILES = frozenset(
    {"ai", "cc", "md", "mk", "ml", "mov", "one", "pl", "pm", "ps", "pub", "py", "rs", "sh", "so", "tf", "zip"}
)
"""Endings of files that are endings of hosts too."""
_PRODUCTS = frozenset({"asp.net", "ado.net", "vb.net", "ml.net"})


_OURS = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
"""On a developer's machine our own sign-in page is there; an address that is on no list is not let through for it."""


@dataclass(frozen=True, slots=True)
class Links:
    """`addresses`: whole targets, by the form compared. `hosts`: exact hosts, with the port where it is not 443."""

    addresses: dict[str, str]
    hosts: frozenset[str]

    @classmethod
    def of(cls, addresses: Iterable[str] = (), hosts: Iterable[str] = ()) -> "Links":
        kept = (link for link in addresses if link.lower().startswith(("https://", *_OURS)))
        return cls({normal(link): normal(link) for link in kept}, frozenset(host.casefold() for host in hosts))

    def target(self, address: str) -> str:
        """Where a link may lead; empty when it may not.

        On an allowed host that is the path alone: a query, a fragment or a user name would be the model's own words.
        """
        wanted = normal(address)
        if wanted in self.addresses:
            return self.addresses[wanted]
        parts = _split(wanted)
        if parts is None or parts.scheme not in {"https", ""} or "@" in parts.netloc or "\\" in address:
            return ""
        host = parts.netloc.casefold().removesuffix(":443")
        # Teams' own deep links act: they start calls, write messages, add apps.
        acts = host.startswith("teams.") and parts.path.startswith(("/l/", "//"))
        if host not in self.hosts or acts:
            return ""
        return f"https://{host}{quote(parts.path, safe='/%-._~!$&+,;=:@') or '/'}"


NOWHERE = Links({}, frozenset())


def normal(address: str) -> str:
    """The form in which addresses are compared and written: host in ASCII, nothing that Markdown would take for its own."""
    try:
        written = _NORMALIZE(address.strip())
    except ValueError:
        return ""
    return re.sub(r"[()\\\s<>\"`|]", lambda found: quote(found[0]), written)


def linkish(text: str) -> "list[Address]":
    """What a client may turn into a link, from left to right."""
    if not _MAY_BE_LINKISH.search(text):
        return []
    found = (_address(match) for match in _LINKISH.finditer(text))
    return [address for address in found if address is not None]


@dataclass(frozen=True, slots=True)
class Address:
    """A piece of text that a client may take for an address."""

    start: int
    text: str
    host: str
    """As written; empty when there is none to show."""
    more: bool
    """Whether something follows the host."""
    scheme: str = ""
    """Of an address without a host: `tel`, `javascript`."""

    def target(self, links: Links) -> str:
        """Where it may lead as it stands; empty when nowhere."""
        full = self.text if re.match(r"[a-z][a-z0-9+.-]*:", self.text, re.IGNORECASE) and not self._bare else ""
        return links.target(full or f"https://{self.text}")

    @property
    def _bare(self) -> bool:
        return bool(self.host) and self.text.startswith(self.host)

    def neutral(self) -> str:
        """Readable, and no link on any client."""
        if self.scheme in _SPOKEN:
            return f"{self.text[: len(self.scheme)]}: {self.text[len(self.scheme) + 1 :].split('?')[0]}"
        host = unicodedata.normalize("NFKC", self.host)
        if not host or not host.isascii() or len(host) > _LONGEST_HOST:
            return REMOVED
        label, _, top = self.host.rpartition(".")
        if self._bare and not self.more and label.isalpha() and label[1:].islower() and top.istitle():
            return f"{label}. {top}"  # a space is missing between two sentences
        return host.replace(".", "[.]") + ("/…" if self.more else "")

    @property
    def file(self) -> bool:
        """A name of a file, such as README.md, that is a host's name too."""
        label, _, top = self.text.rpartition(".")
        return self._bare and not self.more and label.isascii() and "." not in label and top.lower() in _FILES


def _address(match: re.Match[str]) -> Address | None:
    text = match[0].rstrip(_AFTER)
    if match["mail"]:
        return None
    if match["scheme"]:
        return Address(match.start(), text, "", more=True, scheme=match["scheme"].lower())
    if match["full"]:
        return _full(match.start(), text)
    host, tail = match["host"], (match["tail"] or "").rstrip(_AFTER)
    if not _names_a_host(host, match["top"], tail):
        return None
    text = (match["half"] or "") + host + (match["port"] or "") + tail
    return Address(match.start(), text, host, more=bool(match["port"] or tail.strip("/")))


def _full(start: int, text: str) -> Address:
    _, _, rest = text.replace("\\", "/").partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = re.sub(r":\d*$", "", authority.rpartition("@")[2])
    shown = host if re.fullmatch(r"[\w.-]+", host) else ""
    return Address(start, text, shown, more=rest.rstrip("/") != host)


def _names_a_host(host: str, top: str, tail: str) -> bool:
    ending = unicodedata.normalize("NFKC", top).casefold()
    if host.casefold() in _PRODUCTS and not tail:
        return False
    if ending in _GENERIC or _COUNTRY.fullmatch(ending):
        return True
    if host.casefold().startswith("www."):
        return True
    asks = bool(re.search(r"[?#=%&@]|/.*/|\d", tail))
    return bool(tail) and (host.count(".") > 1 or asks)


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 -- raises for a port that is none
    except ValueError:
        return None
    return parts
