"""What is known of image, compose files and unit without Docker and systemd; `make image-check` builds and runs the image's files."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import VENDOR_PREFIXES, Settings
from infra.docker import prune
from infra.docker.prune import (
    AWS_KEPT,
    descriptions_of_services,
    generated_classes,
    remove,
    size,
    sources_for_compilers,
    true_records,
    without_empty_folders,
)
from infra.supply.lock import RUNTIME, pinned
from tests.docker.dockerfile import here, instructions, stages

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "infra" / "docker"
UNIT = ROOT / "infra" / "systemd" / "parley.service"
COMPOSE = {
    name: yaml.safe_load((DOCKER / name).read_text(encoding="utf-8")) for name in ("compose.yaml", "compose.local.yaml")
}
KEYS = frozenset(
    {"build", "cap_add", "cap_drop", "command", "depends_on", "entrypoint", "env_file", "environment", "healthcheck",
     "image", "mem_limit", "network_mode", "networks", "pids_limit", "ports", "read_only", "restart", "security_opt",
     "stop_grace_period", "tmpfs", "volumes"}
)  # fmt: skip


def test_the_image_runs_as_nobody_in_particular_and_knows_when_it_is_well() -> None:
    image = here()["parley"]
    assert [one.rest for one in image.of("USER")] == ["10001:10001"]
    assert not image.of("RUN"), "what is shipped is made in the build stage"
    (check,) = image.of("HEALTHCHECK")
    assert "/readyz" in check.rest
    settings = {name for one in image.of("ENV") for name in one.assignments if name.lower() in Settings.model_fields}
    assert settings == {"HOST", "PORT", "DATABASE_URL"}
    assert image.of("ENTRYPOINT")[0].words == ["python", "-m", "bot"]


def test_a_plain_build_makes_the_product_and_not_the_tenant() -> None:
    last = list(stages((DOCKER / "Dockerfile").read_text(encoding="utf-8")))[-1]
    assert (last.base, last.instructions) == ("parley", [])
    copied = " ".join(one.rest for name in ("build", "parley") for one in here()[name].of("COPY"))
    assert "infra/local" not in copied
    assert "tests" not in copied


def test_each_package_is_installed_with_its_hash_and_nothing_else_is() -> None:
    install = next(one.rest for one in here()["build"].of("RUN") if "pip" in one.rest)
    assert {"--require-hashes", "--no-deps"} <= set(install.split())
    assert install.split()[-1] == "requirements-runtime.lock"


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    let_in = [
        line[1:]
        for line in (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    ]
    for stage in here().values():
        for one in stage.of("COPY"):
            for source in one.words[:-1] if "from" not in one.options else ():
                assert (ROOT / source).exists(), source
                assert any(source == name or source.startswith(f"{name}/") for name in let_in), source


@pytest.mark.parametrize("text", ["FROM x\nMAINTAINER me", "RUN x\nFROM y", "FROM x\nRUN a \\\n"])
def test_a_dockerfile_that_is_none_is_seen(text: str) -> None:
    with pytest.raises(ValueError, match=r"instruction|before"):
        stages(text)


def test_lines_and_options_are_read_as_docker_does() -> None:
    (one,) = instructions('HEALTHCHECK --interval=1s \\\n  # why\n  --retries=3 CMD ["a", "b c"]')
    assert (one.name, one.options, one.rest) == ("HEALTHCHECK", {"interval": "1s", "retries": "3"}, 'CMD ["a", "b c"]')


def test_the_lock_of_what_runs_agrees_with_the_lock_of_development() -> None:
    runs, all_ = (pinned(path.read_text(encoding="utf-8")) for path in (RUNTIME, ROOT / "requirements.lock"))
    assert {name: versions for name, versions in runs.items() if all_.get(name) != versions} == {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(w for extra in ("azure", "bedrock", "otel", "vertex") for w in extras[extra])]
    names = {re.split(r"[\[<>=~;! ]", one)[0] for one in wanted}
    assert names <= runs.keys(), names - runs.keys()
    left_out = {"magika", "onnxruntime", "numpy", "pandas", "sympy", "pytest", "mypy", "ruff", "uv"}
    assert not left_out & runs.keys()


def test_the_document_reader_does_without_the_guesser_of_file_types() -> None:
    program = (
        "import sys; sys.modules |= dict.fromkeys(('onnxruntime', 'numpy', 'pandas'))\n"
        "import graph.extract.worker, markitdown; print(sys.modules['magika'].__dict__.get('Magika'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "None"


def test_of_the_graph_sdk_only_what_is_loaded_stays() -> None:
    packages = Path(sysconfig.get_paths()["purelib"])
    goes = {path.relative_to(packages).as_posix() for path in generated_classes(packages, Path(sys.executable))}
    assert len(goes) > 10_000
    assert "msgraph/generated/base_graph_service_client.py" not in goes
    assert "msgraph/generated/models/message.py" in goes
    stays = {path.name for path in (packages / "botocore" / "data").iterdir() if path.is_dir()}
    stays -= {path.name for path in descriptions_of_services(packages, Path())}
    assert stays == AWS_KEPT


def test_what_is_removed_leaves_no_trace(tmp_path: Path) -> None:
    for name in ("a/tests/t.py", "a/x.py", "a/x.pyi", "a/b/y.c", "a-1.dist-info/RECORD"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" * 5000, encoding="utf-8")
    listed = "a/x.py,sha256=1,5\na/x.pyi,sha256=1,5\na/tests/t.py,,\na-1.dist-info/RECORD,,\n"
    (tmp_path / "a-1.dist-info" / "RECORD").write_text(listed, encoding="utf-8")
    before = size(tmp_path)
    freed = remove(
        [*prune.tests_of_packages(tmp_path, Path()), *sources_for_compilers(tmp_path, Path()), tmp_path / "none"]
    )
    without_empty_folders(tmp_path)
    true_records(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == {
        "a",
        "a/x.py",
        "a-1.dist-info",
        "a-1.dist-info/RECORD",
    }
    assert before - freed == size(tmp_path)
    assert (tmp_path / "a-1.dist-info" / "RECORD").read_text(
        encoding="utf-8"
    ) == "a/x.py,sha256=1,5\na-1.dist-info/RECORD,,\n"


@pytest.mark.parametrize("name", COMPOSE)
def test_services_of_a_compose_file_fit_together(name: str) -> None:
    file: dict[str, Any] = COMPOSE[name]
    services: dict[str, dict[str, Any]] = file["services"]
    for service, said in services.items():
        assert not said.keys() - KEYS, service
        waits = said.get("depends_on", {})
        for other in waits:
            assert other in services, (service, other)
        for other, how in waits.items() if isinstance(waits, dict) else ():
            well = "healthcheck" in services[other] or "target" in services[other].get("build", {})
            assert how["condition"] != "service_healthy" or well, (service, other)
        for volume in said.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in file["volumes"] or (DOCKER / source).exists(), volume
        for network in said.get("networks", ()):
            assert network in file["networks"], network
        if "build" in said:
            assert said["build"]["target"] in here(), service
            assert (DOCKER / said["build"]["context"] / said["build"]["dockerfile"]).exists()


@pytest.mark.parametrize("name", COMPOSE)
def test_two_replicas_can_write_nowhere_and_have_what_they_need(name: str) -> None:
    replicas = [said for service, said in COMPOSE[name]["services"].items() if service.startswith("parley-")]
    assert len(replicas) == 2
    for said in replicas:
        assert said["read_only"]
        assert said["cap_drop"] == ["ALL"]
        assert said["security_opt"] == ["no-new-privileges:true"]
        assert said["environment"]["DATABASE_URL"].startswith("postgresql://")
        for setting in said["environment"]:
            assert setting.lower() in Settings.model_fields or setting.startswith(VENDOR_PREFIXES), setting
        seconds = int(said["stop_grace_period"].removesuffix("s"))
        assert seconds >= 30, "streams are finished or handed over"


@pytest.mark.parametrize(("name", "proxy"), [("compose.yaml", "Caddyfile"), ("compose.local.yaml", "Caddyfile.local")])
def test_the_proxy_leads_to_both_replicas(name: str, proxy: str) -> None:
    services = COMPOSE[name]["services"]
    replicas = [(key, said["environment"]["PORT"]) for key, said in services.items() if key.startswith("parley-")]
    found = re.search(r"reverse_proxy (\S+) (\S+) \{", (DOCKER / proxy).read_text(encoding="utf-8"))
    assert found is not None
    shared = services["parley-1"].get("network_mode") == "service:tenant"
    assert list(found.groups()) == [f"{'127.0.0.1' if shared else key}:{port}" for key, port in replicas]
    assert "health_uri /readyz" in (DOCKER / proxy).read_text(encoding="utf-8")


def test_no_secret_stands_in_the_compose_file_for_production() -> None:
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if re.search(r"PASSWORD|_KEY|SECRET", line) and not line.lstrip().startswith("#"):
            assert "${" in line, line


def unit() -> dict[str, list[str]]:
    """Directive -> values, of all sections."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_shuts_the_service_in() -> None:
    said = unit()
    for name, value in {
        "DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "PrivateDevices": "yes", "CapabilityBoundingSet": "", "StateDirectory": "parley", "RestrictNamespaces": "yes",
        "EnvironmentFile": "/etc/parley/env", "Restart": "on-failure",
    }.items():  # fmt: skip
        assert said[name] == [value], name
    assert int(said["TimeoutStopSec"][0]) >= 30
    assert said["ExecStart"] == ["/opt/parley/bin/python -m bot serve"]
    assert not any("PASSWORD" in line or "KEY" in line for line in said.get("Environment", ()))


def test_systemd_itself_finds_nothing_wrong_where_it_is_installed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    text = UNIT.read_text(encoding="utf-8").replace("/opt/parley/bin/python", sys.executable)
    (tmp_path / "parley.service").write_text(text, encoding="utf-8")
    wrong = text.replace("NoNewPrivileges=yes", "NoNewPrivilege=yes")
    (tmp_path / "wrong.service").write_text(wrong, encoding="utf-8")
    for name, says in (("parley", ""), ("wrong", "Unknown key")) if analyze else ():
        done = subprocess.run(
            [str(analyze), "verify", str(tmp_path / f"{name}.service")], check=False, capture_output=True, text=True
        )
        assert says in done.stderr
        assert bool(done.stderr.strip()) == bool(says), done.stderr
    assert "NoNewPrivileges=yes" in text
