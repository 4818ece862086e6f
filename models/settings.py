"""Where the product keeps its state and how it runs: environment to Settings."""

from datetime import date
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.errors import UsageError


class Settings(BaseSettings):
    """Read from ``XINGFU_*`` and an optional ``.env`` in the working directory."""

    model_config = SettingsConfigDict(
        env_prefix="XINGFU_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
    )

    home: Path = Path(".xingfu")
    """State folder: database, outgoing messages, Prefect's own state."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL of a PostgreSQL database; SQLite in `home` when not given."""
    plan: str = "shanxi-2023"
    plans: Path | None = None
    """A folder of further plans, one folder each, beside those that are shipped."""
    host: str = "127.0.0.1"
    """Where the Prefect server listens; elsewhere than on loopback only with `admin_password`."""
    port: int = Field(default=4200, ge=1, le=65535)
    """Port of the Prefect server."""
    admin_password: SecretStr | None = None
    """The password of the user ``admin`` for the UI and API of the Prefect server."""
    admin_channels: SecretStr | None = None
    """Where admins are told of trouble with the machinery: addresses, separated by white space."""
    keep_days: int = Field(default=90, gt=0)
    """For how many days Prefect keeps ended runs with their logs and artifacts, and events."""
    secret_key: SecretStr | None = None
    """Fernet key for channel addresses; a file in `home`, made on first use, when not given."""
    business_date: date | None = None
    """Pins 'today' and lifts office hours, for demonstrations; never set in real use."""

    most_workbook_mb: int | None = Field(default=None, gt=0)
    """MB that a workbook may have; a larger one is refused unread. None: as usual."""
    most_rows: int | None = Field(default=None, gt=0)
    """Rows that a sheet of a workbook may have; what is usual says `documents.reading.gate`."""
    inbox_settle_seconds: int = Field(default=60, gt=0)
    """A file of the inbox is read once it has not changed for so long: copying takes a while."""
    inbox_broken_minutes: int = Field(default=60, gt=0)
    """A file of the inbox that cannot be opened is returned after so long: it may be half there."""

    @field_validator("admin_password")
    @classmethod
    def _plain_password(cls, password: SecretStr | None) -> SecretStr | None:
        # Prefect's server fails on every request when it compares with any other sign.
        told = "x" if password is None else password.get_secret_value()
        if not told or not all("!" <= sign <= "~" for sign in told):
            raise ValueError("密码只能用英文字母、数字和半角符号，不能为空，也不能有空格")
        return password

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _is_supported(url.get_secret_value()):
            raise ValueError("应为 postgresql://用户:密码@主机/数据库")
        return url

    @property
    def outgoing(self) -> Path:
        """The folder channel's folder."""
        return self.home / "outgoing"

    @property
    def inbox(self) -> Path:
        """The folder into which offices put workbooks, one folder a city."""
        return self.home / "inbox"

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL, with its password."""
        if self.database_url is None:
            return f"sqlite:///{self.home / 'xingfu.db'}"
        url = self.database_url.get_secret_value()
        for scheme in ("postgresql://", "postgres://"):
            url = url.replace(scheme, "postgresql+psycopg://", 1) if url.startswith(scheme) else url
        return url


def _is_supported(url: str) -> bool:
    from sqlalchemy import make_url  # slow to load, and few installations state an address
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return False
    drivers = ("postgres", "postgresql", "postgresql+psycopg", "sqlite")
    return parsed.drivername in drivers and bool(parsed.database)


def load_settings() -> Settings:
    """The settings of this process; UsageError that names the variable when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "；".join(
            f"XINGFU_{str(item['loc'][0]).upper()}：{item['msg']}" for item in error.errors()
        )
        raise UsageError(f"环境设置有误：{wrong}") from None
