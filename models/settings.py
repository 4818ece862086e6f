"""Where the product keeps its state and how it runs: environment to Settings."""

import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.errors import UsageError

ADDRESS = re.compile(r"[A-Za-z0-9._-]+([+.-]?\{tag\})?@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""One plain address, with or without a place for a tag before its ``@``."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # how we ourselves reach a server there
ENTRANCE, ENTRANCE_PAGE = "/xingfu", "province-board"
"""Where the server leads to the newest page of a plan's day, and the name of that page."""


def entrance(plan: str) -> str:
    """The path of a plan's entrance, the same at any time."""
    return f"{ENTRANCE}/{plan}"


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
    site: str = ""
    """Names under which the UI is opened besides addresses, separated by white space."""
    ui_url: str = Field(default="", validation_alias=AliasChoices("ui_url", "PREFECT_UI_URL"))
    """Where the UI is opened, as Prefect is told on several machines; else where it listens."""
    admin_password: SecretStr | None = None
    """The password of the user ``admin`` for the UI and API of the Prefect server.

    A file in `home`, made by the first `serve`, when not given."""
    admin_channels: SecretStr | None = None
    """Where admins are told of trouble with the machinery: addresses, separated by white space."""
    reply_to: str = ""
    """The address that takes answers to digests by mail; ``{tag}`` in it is where their code goes.

    Empty: mails cannot be answered, and forms come back by the inbox alone."""
    keep_days: int = Field(default=90, gt=0)
    """For how many days Prefect keeps ended runs with their logs and artifacts, and events."""
    secret_key: SecretStr | None = None
    """The installation's Fernet key; a file in `home`, made on first use, when not given."""
    other_secret_key: SecretStr | None = None
    """Beside `secret_key`: the next one while keys are changed, or that of a backup."""
    business_date: date | None = None
    """Pins 'today' and lifts office hours, for demonstrations; never set in real use."""

    most_workbook_mb: int | None = Field(default=None, gt=0)
    """MB that a workbook may have; a larger one is refused unread. None: as usual."""
    most_rows: int | None = Field(default=None, gt=0)
    """Rows that a sheet of a workbook may have; what is usual says `documents.reading.gate`."""
    most_evidence_mb: int = Field(default=20, gt=0)
    """MB that a file may have that proves what is recorded."""
    inbox_settle_seconds: int = Field(default=60, gt=0)
    """A file of the inbox is read once it has not changed for so long: copying takes a while."""
    inbox_broken_minutes: int = Field(default=60, gt=0)
    """A file of the inbox that cannot be opened is returned after so long: it may be half there."""

    mailbox: SecretStr | None = None
    """Where answers come in: ``imaps://user:password@host/INBOX``; None: the folder alone."""
    mailbox_authority: str = ""
    """By which name the office's own mail server vouches for senders (Authentication-Results).

    With one, a sender whom it does not vouch for is nobody's; without, no such header counts."""

    desk_url: str = ""
    """Under which address staff open the desk in a browser; empty: no mail speaks of it."""
    desk_host: str = "127.0.0.1"
    """Where the desk listens; elsewhere than on loopback only with an `desk_url` of https."""
    desk_port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the desk; None: the second after `port`."""
    desk_sign_on_header: str = ""
    """The header in which a proxy that has authenticated somebody says whom; empty: none does."""
    desk_sign_on_peers: str = ""
    """The addresses of such proxies, separated by white space; from others it is refused."""
    desk_sign_on_secret: SecretStr | None = None
    """What such a proxy sends besides, in ``X-Xingfu-Secret``."""

    watch_backup_days: int = Field(default=2, ge=0)
    """How old the newest backup may be; 0: the watch does not look after backups."""
    watch_disk_mb: int = Field(default=1000, ge=0)
    """MB that the disk of `home` has to have left: a backup takes a copy of the database."""
    health_port: int | None = Field(default=None, ge=0, le=65535)
    """Where /health and /metrics are, on loopback; None: the port after `port`; 0: nowhere."""

    @field_validator("admin_password")
    @classmethod
    def _plain_password(cls, password: SecretStr | None) -> SecretStr | None:
        if password is not None and not is_plain(password.get_secret_value()):
            raise ValueError("密码只能用英文字母、数字和半角符号，不能为空，也不能有空格")
        return password

    @field_validator("reply_to")
    @classmethod
    def _one_address(cls, address: str) -> str:
        if address and not ADDRESS.fullmatch(address):
            raise ValueError(
                "应为一个邮件地址，如 xingfu@mz.example.cn 或 xingfu+{tag}@mz.example.cn"
            )
        return address

    @field_validator("other_secret_key", "mailbox")
    @classmethod
    def _stated(cls, key: SecretStr | None) -> SecretStr | None:
        return key if key and key.get_secret_value() else None  # containers pass on empty ones

    @field_validator("desk_url")
    @classmethod
    def _plain_site(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
            raise ValueError("应为 https://域名 或 http://127.0.0.1:端口")
        if parts.path.strip("/") or parts.username or parts.fragment:
            raise ValueError("只写到域名和端口为止，如 https://desk.example.gov.cn")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _guarded_sign_on(self) -> "Settings":
        stated = (self.desk_sign_on_header, self.desk_sign_on_peers, self.desk_sign_on_secret)
        if any(stated) and not all(stated):
            raise ValueError(
                "XINGFU_DESK_SIGN_ON_HEADER、_PEERS、_SECRET 须同时设置，否则任何人都可冒名登录"
            )
        return self

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _is_supported(url.get_secret_value()):
            raise ValueError("应为 postgresql://用户:密码@主机/数据库")
        return url

    @property
    def sites(self) -> frozenset[str]:
        """The names of `site`, lowercase."""
        return frozenset(self.site.lower().split())

    @property
    def address(self) -> str:
        """Where this machine finds the Prefect server, e.g. ``http://127.0.0.1:4200``."""
        host = ANYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def entrance(self) -> str:
        """Where admins open the newest page of the day, of the settings' plan."""
        return f"{self.ui_url.rstrip('/') or self.address}{entrance(self.plan)}"

    @property
    def desk_address(self) -> str:
        """Where the desk is opened: `desk_url`, else on this machine."""
        return self.desk_url or f"http://127.0.0.1:{self.desk_listens}"

    @property
    def desk_listens(self) -> int:
        """The desk's port."""
        return self.port + 2 if self.desk_port is None else self.desk_port

    @property
    def outgoing(self) -> Path:
        """The folder channel's folder."""
        return self.home / "outgoing"

    @property
    def inbox(self) -> Path:
        """The folder into which offices put workbooks, one folder a city."""
        return self.home / "inbox"

    @property
    def incoming(self) -> Path:
        """The folder into which answers to reminders are put as mail files."""
        return self.home / "incoming"

    @property
    def evidence(self) -> Path:
        """The folder of files that prove what is recorded."""
        return self.home / "evidence"

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL, with its password."""
        if self.database_url is None:
            return f"sqlite:///{self.home / 'xingfu.db'}"
        url = self.database_url.get_secret_value()
        for scheme in ("postgresql://", "postgres://"):
            url = url.replace(scheme, "postgresql+psycopg://", 1) if url.startswith(scheme) else url
        return url


def is_plain(password: str) -> bool:
    """Whether Prefect's server can compare a password; with any other it fails on every request."""
    return bool(password) and all("!" <= sign <= "~" for sign in password)


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
            f"XINGFU_{str(item['loc'][0]).upper()}：{item['msg']}" if item["loc"] else item["msg"]
            for item in error.errors()
        )
        raise UsageError(f"环境设置有误：{wrong}") from None
