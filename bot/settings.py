"""All settings, read once from the environment. The names are a contract: other programs point the product at another cloud with them."""

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.retention import default, periods

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
VENDOR_PREFIXES = ("ANTHROPIC_", "OPENAI_", "COMPATIBLE_", "AZURE_", "AWS_", "CLOUD_ML_")


def _names(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]


class Settings(BaseSettings):
    """Frozen; every field says what it is. Raises pydantic.ValidationError, which `faults` turns into sentences."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    port: int = Field(3978, ge=0, le=65535, description="Port the bot listens on; 0 picks a free one.")
    host: str = Field("127.0.0.1", description="Address the bot listens on; 0.0.0.0 in a container.")
    public_url: str = Field("", description="https address people's browsers reach the sign-in page at.")
    database_url: str = Field(
        "sqlite:///var/parley.db",
        repr=False,
        description="sqlite:///file or postgresql://user@host/database.",
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_names)] = Field(
        (), description="Fernet keys, comma separated; the first encrypts, all decrypt. Make one with `make key`."
    )
    microsoft_app_id: str = Field("", description="Application (client) id of the bot's Entra app.")
    microsoft_app_password: SecretStr = Field(SecretStr(""), description="Client secret of that app.")
    microsoft_app_certificate: str = Field(
        "", description="PEM file with the app's certificate and private key, instead of a secret."
    )
    microsoft_app_type: Literal["SingleTenant", "UserAssignedMSI", "MultiTenant"] = Field(
        "SingleTenant", description="SingleTenant, UserAssignedMSI or MultiTenant."
    )
    microsoft_app_tenant_id: str = Field("", description="Tenant id; required unless MultiTenant.")
    microsoft_sign_in_app_id: str = Field(
        "", description="App registration people sign in to; only for UserAssignedMSI, else it is MICROSOFT_APP_ID."
    )
    graph_base_url: str = Field(
        "https://graph.microsoft.com/v1.0", description="Origin and version of Microsoft Graph."
    )
    login_base_url: str = Field("https://login.microsoftonline.com", description="Origin of Entra ID.")
    bot_openid_metadata_url: str = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="OpenID metadata of the Bot Framework's token issuer.",
    )
    bot_token_issuer: str = Field("https://api.botframework.com", description="Issuer of the tokens Teams sends us.")
    service_url_hosts: Names = Field(
        ("smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"),
        description="Exact hosts our token may go to, with the port where it is not 443.",
    )
    download_hosts: Names = Field(
        (), description="Exact hosts pre-authenticated download links may lead to, besides Graph's own."
    )
    link_hosts: Names = Field(
        (),
        description="Exact hosts answers may link to, besides the documents they cite. A link there never has a query.",
    )
    ca_bundle: str = Field(
        "", description="PEM file trusted in addition to the system's store, for every outgoing connection."
    )
    shared_mailboxes: Names = Field(
        (), description="Addresses of shared mailboxes that are searched for the people who have access to them."
    )
    copilot: bool = Field(
        False,
        description="1: the tenant has Microsoft 365 Copilot; its Retrieval API and meeting recaps are asked too.",
    )
    admin_group: str = Field(
        "",
        description="Entra object id of the group whose members may open the admin page at /admin of PUBLIC_URL; empty: there is "
        "no such page. See docs/admin.md.",
    )
    models: Names = Field(
        ("offline=offline:offline-quotes",),
        description="Ordered: name=door:model or name=door:deployment@model, ... The first is the default. "
        "compatible:x+images sees pictures, x+pdf reads PDF files.",
    )
    model_lists: bool = Field(
        True,
        description="0: vendors are not asked at start which models they have and what those can do. No other text goes along.",
    )
    policy: str = Field(
        "",
        description="TOML file that says which models may be asked by whom, where and about what, and which one answers "
        "by itself. See docs/policy.md.",
    )
    prices: str = Field(
        "", description="TOML file with prices of models, in place of those in bot/cost/prices.toml. See docs/cost.md."
    )
    audit_days: int = Field(
        365,
        ge=35,
        le=36500,
        description="How many days the rows of the audit are kept; at least 35, so that a month can be added up.",
    )
    retention_days: Names = Field(
        default(),
        description="kind:days, comma separated: how long each kind of thing is kept; 0 without end. See docs/security.md.",
    )
    leaver_days: int = Field(
        30,
        ge=0,
        le=36500,
        description="Days after which the data of people is erased who removed the app or left the organisation; 0: never.",
    )
    estimate_above: float = Field(
        0.25, ge=0, description="US dollars from which the cost of long work is told before it begins."
    )
    digests: bool = Field(
        True,
        description="0: this process makes no digests. What people asked for stays, and other processes go on with it.",
    )
    digests_per_person: int = Field(20, ge=0, description="How many digests that run one person may have.")
    digest_hours: float = Field(12.0, ge=0, description="The least hours between two times of one digest.")
    digest_dollars: float = Field(
        0.0, ge=0, description="US dollars all digests of one person may cost in a month; 0: no limit of their own."
    )
    digest_batch_minutes: float = Field(
        0.0, ge=0, le=1440,
        description="How many minutes later a digest that comes weekly or rarer may come, to have a model's words in a batch at half the "
        "price; what is not answered by then is asked at once. 0: no batches.",
    )  # fmt: skip
    parley_local: bool = Field(
        False, description="1: accept unauthenticated activities, on loopback only. For the Agents Playground."
    )
    grace_seconds: float = Field(
        20.0,
        ge=0,
        description="Seconds that running answers get to be finished after SIGTERM; the rest is handed over. Less than the "
        "platform waits before it kills.",
    )
    linger_seconds: float = Field(
        0.0,
        ge=0,
        description="Seconds after SIGTERM in which messages are still stored for others while /readyz says no: as long as "
        "a load balancer needs to notice.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="text, or json: one object a line, with trace ids where telemetry is on."
    )

    @classmethod
    def from_environment(cls) -> "Settings":
        return cls()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if faults := [*self._addresses(), *self._identity(), *self._admin(), *self._keys(), *self._periods()]:
            raise ValueError("\n".join(faults))
        return self

    def _addresses(self) -> Iterator[str]:
        for name in ("graph_base_url", "login_base_url", "bot_openid_metadata_url", "public_url"):
            if not is_https(getattr(self, name)):
                yield f"{name.upper()} must be an https address; plain http is accepted for loopback addresses only."
        for host in self.link_hosts:
            if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?", host, re.IGNORECASE):
                yield "LINK_HOSTS must be names of hosts, such as intranet.contoso.com: no https://, no path, no star."
                break
        if self.ca_bundle:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(self.ca_bundle)
            except OSError:  # what ssl raises for a bad file is one of these too
                yield "CA_BUNDLE must be a PEM file with certificates that I can read."

    def _identity(self) -> Iterator[str]:
        if self.parley_local and self.host not in LOOPBACK:
            yield "PARLEY_LOCAL=1 accepts anybody's messages, so HOST must be a loopback address."
        if not self.microsoft_app_id and not self.parley_local:
            yield "MICROSOFT_APP_ID is not set. Set it, or PARLEY_LOCAL=1 for a local run on loopback."
        if self.microsoft_app_id and self.microsoft_app_type != "MultiTenant" and not self.microsoft_app_tenant_id:
            yield f"MICROSOFT_APP_TENANT_ID is not set, which {self.microsoft_app_type} needs."

    def _admin(self) -> Iterator[str]:
        if not self.admin_group:
            return
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.admin_group, re.IGNORECASE):
            yield "ADMIN_GROUP must be a group's object id, as Entra shows it: eight digits, a hyphen, and so on."
        if not self.public_url and not self.parley_local:
            yield "ADMIN_GROUP is set, which needs PUBLIC_URL: administrators open the admin page there."
        if not (self.microsoft_app_id and self.microsoft_app_tenant_id):
            yield "ADMIN_GROUP is set, which needs MICROSOFT_APP_ID and MICROSOFT_APP_TENANT_ID: administrators sign in there."

    def _periods(self) -> Iterator[str]:
        try:
            periods(self.retention_days)
        except ValueError as error:
            yield str(error)

    def _keys(self) -> Iterator[str]:
        if not self.encryption_keys:
            yield "ENCRYPTION_KEYS is not set. Make a key with `make key`."
        for number, key in enumerate(self.encryption_keys, 1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                yield f"ENCRYPTION_KEYS: key {number} is not a Fernet key. Make one with `make key`."


def faults(error: ValidationError) -> list[str]:
    """A sentence for each fault, naming the variable and never its value."""
    found: list[str] = []
    for fault in error.errors(include_input=False, include_context=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else ""
        lines = fault["msg"].removeprefix("Value error, ").splitlines()
        found += [f"{name}: {line[0].lower()}{line[1:]}." for line in lines] if name else lines
    return found


def is_https(url: str) -> bool:
    """Or plain http on loopback; an empty address is one that is not used."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises for a port that is none
    except ValueError:
        return False
    if not parts.hostname:
        return not url
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def vendor_environment() -> Mapping[str, str]:
    """The vendors' own variables, handed to the doors as they are."""
    return {name: value for name, value in os.environ.items() if value and name.startswith(VENDOR_PREFIXES)}  # noqa: TID251 -- the one place


def telemetry_environment() -> Mapping[str, str]:
    """OpenTelemetry's own variables, which its SDK reads too: whether there is a collector is for us to know."""
    return {name: value for name, value in os.environ.items() if value and name.startswith("OTEL_")}  # noqa: TID251 -- the one place
