"""All settings, from the environment; read by `workers` only and handed on as values."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import InvalidInput

DEFAULT_PATIENCE_S = 86_400.0
# How many jobs at once, by name; 0 lets none begin.
Caps = Annotated[dict[str, Annotated[int, Field(ge=0)]], NoDecode]


class Settings(BaseSettings):
    """What a process needs to know. URLs left out mean the embedded servers of `home`."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    database_direct_url: SecretStr | None = Field(None, validation_alias="DATABASE_DIRECT_URL")
    database_admin_url: SecretStr | None = Field(None, validation_alias="DATABASE_ADMIN_URL")
    database_dispatcher_url: SecretStr | None = Field(
        None, validation_alias="DATABASE_DISPATCHER_URL"
    )
    # The API's own; only `migrate --set-passwords` looks at it.
    database_api_url: SecretStr | None = Field(None, validation_alias="DATABASE_API_URL")
    redis_url: SecretStr | None = Field(None, validation_alias="REDIS_URL")
    broker_url: SecretStr | None = Field(None, validation_alias="BROKER_URL")
    home: Path = Field(Path(".capliquify"), validation_alias="CAPLIQUIFY_HOME")
    vault_keys: SecretStr | None = Field(None, validation_alias="CAPLIQUIFY_VAULT_KEYS")
    vault_keys_file: Path | None = Field(None, validation_alias="CAPLIQUIFY_VAULT_KEYS_FILE")
    pgcrypto_key: SecretStr | None = Field(None, validation_alias="CAPLIQUIFY_PGCRYPTO_KEY")
    pool_max: int = Field(4, ge=1, le=100, validation_alias="CAPLIQUIFY_POOL_MAX")
    shopify_base_url: str = Field(
        "https://{shop_domain}",
        validation_alias=AliasChoices("SHOPIFY_BASE_URL", "CAPLIQUIFY_SHOPIFY_BASE_URL"),
    )
    shopify_api_version: str = Field(
        "2026-07", pattern=r"^\d{4}-\d{2}$", validation_alias="SHOPIFY_API_VERSION"
    )
    # Where Amazon's marketplaces and its token endpoint are; a test or a sandbox names others.
    amazon_base_url: str | None = Field(None, validation_alias="AMAZON_BASE_URL")
    amazon_token_url: str = Field("https://api.amazon.com", validation_alias="AMAZON_TOKEN_URL")
    xero_base_url: str = Field("https://api.xero.com", validation_alias="XERO_BASE_URL")
    xero_identity_url: str = Field(
        "https://identity.xero.com", validation_alias="XERO_IDENTITY_URL"
    )
    # Of one organisation; the free plan has 1,000.
    xero_day_calls: int = Field(5000, ge=100, validation_alias="XERO_DAY_CALLS")
    # Without it no rates are fetched: https://www.ecb.europa.eu is the bank's own.
    ecb_base_url: str | None = Field(None, validation_alias="ECB_BASE_URL")
    shopify_webhook_secret: SecretStr | None = Field(
        None, validation_alias="SHOPIFY_WEBHOOK_SECRET"
    )
    vendor_attempts: int = Field(4, ge=1, le=10, validation_alias="CAPLIQUIFY_VENDOR_ATTEMPTS")
    database_listen_url: SecretStr | None = Field(None, validation_alias="DATABASE_LISTEN_URL")
    # A job whose worker gives no sign of life for so long is given to another; the rest follows from it.
    lease_s: float = Field(30.0, ge=0.5, le=3600, validation_alias="CAPLIQUIFY_LEASE_S")
    # For so long a vendor may be away before its jobs use up attempts.
    vendor_patience_s: float = Field(
        DEFAULT_PATIENCE_S, ge=0, le=2_592_000, validation_alias="CAPLIQUIFY_VENDOR_PATIENCE_S"
    )
    poll_s: float = Field(1.0, ge=0.05, le=60, validation_alias="CAPLIQUIFY_POLL_S")
    soft_shutdown_s: float = Field(10.0, ge=0, validation_alias="CAPLIQUIFY_SOFT_SHUTDOWN_S")
    tenant_caps: Caps = Field(
        default={"sync": 4, "forecast": 4}, validation_alias="CAPLIQUIFY_TENANT_CAPS"
    )
    vendor_caps: Caps = Field(default={}, validation_alias="CAPLIQUIFY_VENDOR_CAPS")
    # A shorter wait for a vendor's limit is waited by the worker, a longer one by the job.
    longest_limit_wait_s: float = Field(
        10.0, ge=0, le=60, validation_alias="CAPLIQUIFY_LONGEST_LIMIT_WAIT_S"
    )
    keep_jobs_days: int = Field(90, ge=1, validation_alias="CAPLIQUIFY_KEEP_JOBS_DAYS")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, validation_alias="CAPLIQUIFY_METRICS_PORT"
    )
    flower_auth: SecretStr | None = Field(None, validation_alias="CAPLIQUIFY_FLOWER_AUTH")

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        """Celery would take anything else for the address of another kind of broker."""
        if url and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis:// or rediss://")
        return url

    @field_validator("tenant_caps", "vendor_caps", mode="before")
    @classmethod
    def _read_caps(cls, given: object, info: ValidationInfo) -> object:
        try:
            caps = json.loads(given) if isinstance(given, str) else given
        except ValueError:
            caps = None
        if not isinstance(caps, dict):
            name = "sync" if info.field_name == "tenant_caps" else "shopify"
            raise ValueError(f'must be a JSON object, such as {{"{name}": 4}}')  # noqa: TRY004 - pydantic's
        return caps

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two signs of life: two may be missed."""
        return self.lease_s / 3

    @classmethod
    def read(cls) -> "Settings":
        """The settings of the environment; raises `InvalidInput` naming the variable, not its value."""
        try:
            return cls(**_read_secret_files(cls.model_fields.values()))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise InvalidInput(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None

    def secrets(self) -> list[str]:
        """Every text of the settings that nobody may see: passwords in URLs, and keys."""
        found = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                text = value.get_secret_value()
                password = urlsplit(text).password if "://" in text else None
                found += (
                    [password] if password else [part.partition(":")[2] for part in text.split(",")]
                )
        # A text of the owner's choice, whole, whatever signs it has.
        found.append(self.pgcrypto_key.get_secret_value() if self.pgcrypto_key else "")
        return [each for each in found if each]

    def missing_urls(self) -> list[str]:
        """The names of the server URLs that are not set."""
        broker = self.broker_url or self.redis_url
        given = {"DATABASE_URL": self.database_url, "REDIS_URL": broker}
        return [name for name, value in given.items() if value is None]

    def url_of(self, login: str) -> str | None:
        """The URL of a login (`worker`, `dispatcher`, `admin`, `direct`, `listen`), else the worker's."""
        own = {
            "dispatcher": self.database_dispatcher_url,
            "admin": self.database_admin_url,
            "direct": self.database_direct_url,
            "api": self.database_api_url,
            "listen": self.database_listen_url or self.database_dispatcher_url,
        }.get(login)
        url = own or self.database_url
        return None if url is None else url.get_secret_value()


def _read_secret_files(fields: Iterable[FieldInfo]) -> dict[str, Any]:
    """What stands in the files that `<NAME>_FILE` names, where `<NAME>` is a secret and not set itself."""
    found: dict[str, Any] = {}
    for field in fields:
        name, path = str(field.validation_alias), os.environ.get(f"{field.validation_alias}_FILE")
        if SecretStr not in get_args(field.annotation) or not path or os.environ.get(name):
            continue
        if name == "CAPLIQUIFY_VAULT_KEYS":
            # It has a setting of its own, so that the keys are read when they are needed.
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no text"
            raise InvalidInput(f"{name}_FILE: {path} cannot be read: {reason}") from None
    return found


def secret_names() -> frozenset[str]:
    """The environment's names of what nobody else may see."""
    return frozenset(
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if SecretStr in get_args(field.annotation)
    )
