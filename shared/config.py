"""All settings, from the environment; read by `workers` only and handed on as values."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import InvalidInput


class Settings(BaseSettings):
    """What a process needs to know. URLs left out mean the embedded servers of `home`."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    database_direct_url: SecretStr | None = Field(None, validation_alias="DATABASE_DIRECT_URL")
    database_admin_url: SecretStr | None = Field(None, validation_alias="DATABASE_ADMIN_URL")
    database_dispatcher_url: SecretStr | None = Field(
        None, validation_alias="DATABASE_DISPATCHER_URL"
    )
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
    vendor_attempts: int = Field(4, ge=1, le=10, validation_alias="CAPLIQUIFY_VENDOR_ATTEMPTS")

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        """Celery would take anything else for the address of another kind of broker."""
        if url and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis:// or rediss://")
        return url

    @classmethod
    def read(cls) -> "Settings":
        """The settings of the environment; raises `InvalidInput` naming the variable, not its value."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise InvalidInput(f"{first['loc'][0]}: {first['msg']}") from None

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
        """The URL of a login (`worker`, `dispatcher`, `admin`, `direct`); the worker's where it has none."""
        own = {
            "dispatcher": self.database_dispatcher_url,
            "admin": self.database_admin_url,
            "direct": self.database_direct_url,
        }.get(login)
        url = own or self.database_url
        return None if url is None else url.get_secret_value()
