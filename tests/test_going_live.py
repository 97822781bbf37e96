"""The way to an open shop is true: what its page, units and Caddyfile name is there."""

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
from flask import Flask

import config

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy" / "one-machine"
PAGE = (ROOT / "docs" / "going-live.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
CADDY = (DEPLOY / "Caddyfile").read_text("utf-8")
TEXTS = [PAGE, *(file.read_text("utf-8") for file in sorted(DEPLOY.iterdir()))]
SERVICES = sorted(DEPLOY.glob("*.service"))


def named(pattern: str) -> set[str]:
    return {match for text in TEXTS for match in re.findall(pattern, text)}


def unit(file: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(file.read_text("utf-8"))
    return parser


def test_every_command_is_there(app: Flask) -> None:
    commands = named(r"\bflask ((?:[a-z]+ ?){1,2})")
    assert {"doctor", "payments connect", "jobs run", "backup"} <= {c.strip() for c in commands}

    for command in commands:
        first, *rest = command.split()
        found = app.cli.commands.get(first)
        assert found is not None, command
        if rest and hasattr(found, "commands"):
            assert rest[0] in found.commands, command


def test_every_target_file_and_unit_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in named(r"\bmake ((?!by\b)[a-z-]+)\b(?=$|`|\n)"):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for file in named(r"(?:/srv/shop/)?\b(deploy/one-machine/\w[\w.-]*|start\.py)"):
        assert list(ROOT.glob(f"{file}*")), file
    for name in named(r"\bshop-(?:web|jobs|backup)\.(?:service|timer)\b"):
        assert (DEPLOY / name).exists(), name
    assert named(r"\bshop-([a-z]+)\b(?!\.zip)") == {"web", "jobs", "backup"}


def test_every_setting_named_is_one() -> None:
    explained = set(re.findall(r"^#(\w+)=", EXAMPLE, re.M))
    assert {*config.DEFAULTS, "SECRET_KEY", "HOST", "PORT", "WORKERS"} == explained

    block = re.search(r"```ini\n(.+?)```", PAGE, re.S)
    assert block
    chosen = dict(line.split("=", 1) for line in block[1].split())
    assert set(chosen) <= explained
    names = {*re.findall(r"\b[A-Z]+_[A-Z_]+\b", PAGE), *re.findall(r"\b[A-Z]+_[A-Z_]+\b", CADDY)}
    assert names - {"ORIG_HEAD"} <= explained


def test_the_settings_of_the_page_make_a_shop() -> None:
    block = re.search(r"```ini\n(.+?)```", PAGE, re.S)
    assert block
    chosen = dict(line.split("=", 1) for line in block[1].split())

    loaded = config.load({**chosen, "SECRET_KEY": "k" * 40})

    assert loaded["PRODUCTION"] and loaded["SECURE"] and loaded["TRUSTED_PROXIES"] == 1


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.stem)
def test_a_service_may_write_only_what_the_shop_keeps(file: Path) -> None:
    service = unit(file)["Service"]

    assert service["User"] == service["Group"] == "shop"
    assert service["WorkingDirectory"] == "/srv/shop"
    assert service["Environment"] == "PRODUCTION=1"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == "/srv/shop/instance"
    assert service["UMask"] == "0077"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ExecStart"].startswith("/srv/shop/.venv/bin/")


def test_services_are_equally_held_and_the_timer_has_its_own() -> None:
    held = {file.read_text().partition("# Nothing of")[2].partition("\n\n")[0] for file in SERVICES}

    assert len(SERVICES) == 3
    assert len({text.strip() for text in held}) == 1
    assert (DEPLOY / "shop-backup.timer").with_suffix(".service") in SERVICES


def test_caddy_finds_the_shop_where_it_listens() -> None:
    host, port = (re.search(rf"^#{name}=(.+)$", EXAMPLE, re.M) for name in ("HOST", "PORT"))

    assert host and port
    assert f"reverse_proxy {host[1]}:{port[1]} " in CADDY
    assert CADDY.count("{") == CADDY.count("}")


# `make update`


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder with what `make update` reads, where each program only says that it was called."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    shutil.copy(ROOT / "requirements-dev.txt", tmp_path)
    bin_, venv = tmp_path / "bin", tmp_path / ".venv" / "bin"
    for folder in (bin_, venv):
        folder.mkdir(parents=True)
    for file in (bin_ / "git", bin_ / "systemctl", venv / "python", venv / "pip"):
        file.write_text(
            '#!/bin/sh\necho "${0##*/} $*" >> said\n'
            'case "$*" in *"${FAILS:-nothing fails}"*) exit 1;; esac\n'
        )
        file.chmod(0o755)
    return tmp_path


def update(server: Path, fails: str = "") -> tuple[int, str, list[str]]:
    environ = {"PATH": f"{server / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["make", "-s", "update"],
        cwd=server,
        env={**environ, "FAILS": fails} if fails else environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    called = (server / "said").read_text().splitlines()
    return done.returncode, done.stdout + done.stderr, called


def test_update_backs_up_first_and_starts_anew_last(server: Path) -> None:
    code, said, called = update(server)

    assert (code, "Updated, and started anew." in said) == (0, True)
    steps = [
        "git diff",
        "wsgi backup",
        "git pull",
        "pip install",
        "db upgrade",
        "systemctl restart",
    ]
    places = [next(i for i, call in enumerate(called) if step in call) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        ("diff", "Files of the program were changed"),
        ("backup", "There is no backup."),
        ("pull", "The newest version could not be fetched."),
        ("upgrade", "The newest version is not ready."),
    ],
)
def test_update_stops_with_a_sentence_where_a_step_fails(
    server: Path, fails: str, sentence: str
) -> None:
    code, said, called = update(server, fails)

    assert code != 0
    assert sentence in said
    assert fails in called[-1]  # nothing was done after it


def test_update_says_what_to_do_where_no_service_is(server: Path) -> None:
    code, said, _ = update(server, "cat shop-web")

    assert code == 0
    assert "Now stop the shop, and start it again." in said
