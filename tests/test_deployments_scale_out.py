"""What compose, the charts' values and the units name exists, and is what one machine is told."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.cli import COMMANDS
from deployments.server import api
from deployments.server.desk import require_safe
from deployments.server.process import environment
from models.settings import Settings
from tests.support.written import read_yaml

ROOT = Path(__file__).parent.parent
HERE = ROOT / "deployments"
COMPOSE: dict[str, Any] = read_yaml(HERE / "compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "xingfu"]
MANIFESTS = list(yaml.safe_load_all((HERE / "kubernetes" / "xingfu.yaml").read_text()))
SERVER = read_yaml(HERE / "kubernetes" / "values-server.yaml")
IN_URLS = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}")
OF_RUNS = ("PREFECT_FLOWS_", "PREFECT_LOGGING_LOGGERS_", "PREFECT_LOGGING_HANDLERS_")
"""What is for runs alone, which `xingfu work` tells them itself."""
ELSEWHERE = {  # differ by their nature between one machine and several
    "PREFECT_HOME",
    "PYTHONTZPATH",
    "PREFECT_UI_STATIC_DIRECTORY",
    "PREFECT_API_URL",
    "PREFECT_SERVER_API_HOST",
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS",
    "XINGFU_HOME",
    "XINGFU_PORT",
}


def told(service: str) -> Mapping[str, str]:
    return {name: str(value) for name, value in SERVICES[service].get("environment", {}).items()}


def given(items: list[dict[str, Any]]) -> dict[str, str]:
    """The variables of a chart's values or a pod that are written there."""
    return {item["name"]: item["value"] for item in items if "value" in item}


def commands() -> Iterator[tuple[str, ...]]:
    """Every command of ours or Prefect's that is called."""
    yield tuple(SERVER["server"]["args"])
    for name in OURS:
        yield tuple(SERVICES[name]["command"])
    for unit in (HERE / "systemd").glob("*.service"):
        [line] = re.findall(r"^ExecStart=\S*/(xingfu .*)$", unit.read_text(), re.M)
        yield tuple(line.split())
    for pod in pods():
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield tuple(container["args"])


def pods() -> Iterator[dict[str, Any]]:
    for manifest in MANIFESTS:
        spec = manifest["spec"]
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["spec"]


def variables() -> Iterator[str]:
    """Every variable that one of our containers gets."""
    for name in OURS:
        yield from told(name)
    yield from given(SERVER["global"]["prefect"]["env"])
    for pod in pods():
        for container in pod["containers"]:
            yield from given(container["env"])
    for unit in (HERE / "systemd").glob("*.service"):
        yield from re.findall(r"^Environment=(\w+)=", unit.read_text(), re.M)
    notes = (ROOT / "docs" / "how-to" / "scale-out.md").read_text()
    yield from re.findall(r"--from-literal=([A-Z_]+)=", notes)
    yield from re.findall(
        r"^ENV (?:.* )?((?:XINGFU|PREFECT)_\w+)=", (HERE / "Dockerfile").read_text()
    )


def known_to_prefect() -> set[str]:
    """Every variable that this Prefect, or its Redis, reads; asked of their own settings."""
    from prefect.settings import get_current_settings
    from prefect.settings.base import PrefectBaseSettings
    from prefect_redis.cleanup_queue import RedisWorkerCleanupQueueSettings
    from prefect_redis.client import RedisMessagingSettings
    from pydantic import AliasChoices

    def walk(model: type[PrefectBaseSettings]) -> Iterator[str]:
        prefix = str(model.model_config.get("env_prefix") or "")
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, PrefectBaseSettings):
                yield from walk(inner)
                continue
            yield f"{prefix}{name}".upper()
            alias = field.validation_alias
            choices = alias.choices if isinstance(alias, AliasChoices) else []
            yield from (str(choice).upper() for choice in choices)

    models = (type(get_current_settings()), RedisMessagingSettings, RedisWorkerCleanupQueueSettings)
    return {name for model in models for name in walk(model)}


def test_every_variable_is_one_that_somebody_reads(tmp_path: Path) -> None:
    ours = {f"XINGFU_{name}".upper() for name in Settings.model_fields}
    single = environment(Settings(home=tmp_path)).keys()  # those of its loggers are no settings
    uvicorn = {"FORWARDED_ALLOW_IPS"}
    unknown = set(variables()) - ours - known_to_prefect() - single - uvicorn
    assert not unknown


@pytest.mark.heavy
@pytest.mark.parametrize("command", sorted(set(commands())), ids=" ".join)
def test_every_command_exists(command: tuple[str, ...]) -> None:
    """As its own help knows it, with every option."""
    program, *rest = command
    if program == "python":
        assert rest == ["-P", "-m", api.__name__, api.NO_SERVICES]
        return
    path = [word for word in rest if re.fullmatch(r"[a-z][a-z-]*", word)]
    if program == "xingfu":
        assert path[0] in {name for them in COMMANDS.values() for name, *_ in them}
    module = "deployments.cli" if program == "xingfu" else "prefect"
    done = subprocess.run(
        [sys.executable, "-m", module, *path, "--help"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for option in (word for word in rest if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", done.stdout)


def test_servers_are_given_towhat_one_machine_is_told(tmp_path: Path) -> None:
    single = environment(Settings(home=tmp_path)).items()
    expected = {
        name: value
        for name, value in single
        if name not in ELSEWHERE and not name.startswith(OF_RUNS)
    }
    server = told("api")
    for name, value in expected.items():
        assert server.get(name) == value, name
    chart = {
        **given(SERVER["global"]["prefect"]["env"]),
        "PREFECT_UI_API_URL": SERVER["server"]["uiConfig"]["prefectUiApiUrl"],
        "PREFECT_SERVER_API_PORT": "4200",  # the chart's own
    }
    for name, value in expected.items():
        assert chart.get(name) == value, name


def test_services_are_given_towhat_the_servers_are_told() -> None:
    alone = {"PREFECT_API_URL"}
    api = {name: value for name, value in told("api").items() if name not in alone}
    for name in ("services", "upgrade"):
        assert {k: v for k, v in told(name).items() if k not in alone} == api


def test_the_cluster_of_the_tests_is_given_tothe_same() -> None:
    from tests.support.cluster import scaled_out

    for name, value in scaled_out(6379).items():
        asked = told("api")[name].replace(":${REDIS_PASSWORD:?}@redis", "127.0.0.1")
        assert asked == value


def test_the_desk_is_served_where_it_is_looked_for(tmp_path: Path) -> None:
    """Its health, its proxy and its mails go by the port and the address that it is told."""
    containers = {it["containers"][0]["name"]: it["containers"][0] for it in pods()}
    pod = containers["desk"]
    service = next(it for it in MANIFESTS if it["kind"] == "Service")
    url = given(containers["worker"]["env"])["XINGFU_DESK_URL"]
    for given_to in (given(pod["env"]), {**told("desk"), "XINGFU_DESK_URL": url}):
        known = {name.removeprefix("XINGFU_").lower(): value for name, value in given_to.items()}
        named: dict[str, Any] = {
            name: known[name] for name in ("desk_url", "desk_host", "desk_port")
        }
        settings = Settings(home=tmp_path, **named)
        require_safe(settings)
        assert settings.desk_address == url
        port = settings.desk_listens
        assert f":{port}/health" in SERVICES["desk"]["healthcheck"]["test"][-1]
        assert pod["readinessProbe"]["httpGet"] == {"path": "/health", "port": port}
        assert service["spec"]["ports"] == [{"port": port}]
        assert f"dynamic a desk {port} " in (HERE / "Caddyfile").read_text()
    assert service["spec"]["selector"] == {"app": "xingfu-desk"}
    assert told("worker")["XINGFU_DESK_URL"] == told("desk")["XINGFU_DESK_URL"]


def test_no_password_stands_in_a_file() -> None:
    """What is secret comes from the environment, and there is none to start without it."""
    for name in (
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "XINGFU_ADMIN_PASSWORD",
        "XINGFU_SECRET_KEY",
    ):
        text = (HERE / "compose.yaml").read_text()
        assert (
            re.findall(rf"\$\{{{name}", text) == re.findall(rf"\$\{{{name}(?=:\?\}})", text) != []
        )
    text = (HERE / "compose.yaml").read_text()
    named = re.findall(r"://\w*:\$\{\w+:\?\}@", text)
    assert len(named) == len(re.findall(r"://[^\s\"']*@", text)) > 3
    example = (HERE / "compose.env.example").read_text()
    assert not re.search(r"^(\w*(PASSWORD|SECRET_KEY|CHANNELS))=.+", example, re.M)


def test_every_variable_of_compose_is_in_the_example() -> None:
    asked = {match[1] for match in IN_URLS.finditer((HERE / "compose.yaml").read_text())}
    offered = re.findall(r"^(\w+)=", (HERE / "compose.env.example").read_text(), re.M)
    assert asked == set(offered)


def test_nothing_waits_for_itself_and_the_watch_for_nothing() -> None:
    waits = {name: set(service.get("depends_on", ())) for name, service in SERVICES.items()}
    assert not waits["watch"]
    ready: set[str] = set()
    while left := waits.keys() - ready:
        free = {name for name in left if waits[name] <= ready}
        assert free, f"a circle: {left}"
        ready |= free


def test_only_the_proxy_is_open() -> None:
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]


def test_what_compose_mounts_and_the_image_copies_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (HERE / source).is_file()
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"]
    packages = re.search(r"module-name = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert packages
    copied = re.findall(r"^COPY (.+) \S+$", (HERE / "Dockerfile").read_text(), re.M)
    sources = {source for line in copied for source in line.split()}
    assert set(re.findall(r'"(\w+)"', packages[1])) <= sources
    assert all((ROOT / source).exists() for source in sources)
    sent = (HERE / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in sent if line.startswith("!")} == sources
    # The last line that fits decides.
    assert sent.index("*") < sent.index("!deployments") < sent.index("**/.env")


def test_zones_are_those_of_the_package(tmp_path: Path) -> None:
    image = (HERE / "Dockerfile").read_text()
    assert environment(Settings(home=tmp_path))["PYTHONTZPATH"] == ""
    assert re.search(r"^ENV .* PYTHONTZPATH=$", image, re.M)


def test_prefect_lays_its_ui_out_where_it_may_write(tmp_path: Path) -> None:
    """Neither as the image's user nor below `ProtectSystem` where it is installed."""
    image = dict(re.findall(r"(\w+)=(\S+)", (HERE / "Dockerfile").read_text()))
    for given_to in (environment(Settings(home=tmp_path)), image):
        assert given_to["PREFECT_UI_STATIC_DIRECTORY"] == f"{given_to['PREFECT_HOME']}/ui"


def test_kubernetes_names_agree() -> None:
    """The secrets that the notes make are those that are asked for, and one image runs it all."""
    notes = (ROOT / "docs" / "how-to" / "scale-out.md").read_text()
    made = set(re.findall(r"create secret generic (\S+)", notes))
    texts = [path.read_text() for path in (HERE / "kubernetes").glob("*.yaml")]
    asked = {
        name
        for text in texts
        for name in re.findall(
            r"(?:existingSecret: |extraEnvVarsSecret: |secretRef: \{name: |secretKeyRef: \{name: )"
            r"([\w-]+)",
            text,
        )
    } | {SERVER["secret"]["name"]}
    assert asked == made
    tag = SERVER["global"]["prefect"]["image"]
    image = f"{tag['repository']}:{tag['prefectTag']}"
    for pod in pods():
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            assert container["image"] == image
