"""What `make` starts: one line says what is missing, and everything that was started also stops."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup

import config
import start
import wsgi
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
PIN = re.compile(r"^([a-z0-9][\w.\-\[\]]*==[^\s;]+)", re.M)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which something else listens, and nothing at the one before it.

    Both lie below the ports that systems give out, so that no other test is given one of them.
    """
    with socket.socket() as other:
        for port in range(20_001, 30_000, 2):
            with suppress(OSError):
                socket.create_server(("127.0.0.1", port - 1)).close()
                other.bind(("127.0.0.1", port))
                break
        other.listen()
        yield port


def run(*command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would who has nothing set but `environ`."""
    usual = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run(
        command, cwd=cwd, env={**usual, **environ}, capture_output=True, text=True, timeout=60
    )


def said(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was said, without make's own "Error 1" at the end."""
    lines = (result.stdout + result.stderr).splitlines()
    return [line for line in lines if not line.startswith("make: ***")]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_a_hash_for_every_package(name: str) -> None:
    entries = (ROOT / name).read_text().split("\n    # via")
    pinned = [entry for entry in entries if PIN.search(entry)]

    assert len(pinned) > 40
    assert all("--hash=sha256:" in entry for entry in pinned)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_place_to_load_from(name: str) -> None:
    text = (ROOT / name).read_text()

    assert not re.search(r"://|--(extra-)?index|--find-links| @ |^-e ", text, re.M)


def test_checks_run_with_the_packages_of_the_shop() -> None:
    shop, checks = (set(PIN.findall((ROOT / name).read_text())) for name in LOCKS)

    assert shop < checks


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with what `make` reads, and no virtual environment."""
    for name in ["Makefile", "start.py", *LOCKS]:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def interpreter(folder: Path, script: str) -> str:
    """Write an executable that stands for a Python."""
    file = folder / "python-of-somebody"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_make_says_what_to_do_when_python_is_too_old(bare: Path) -> None:
    python = interpreter(bare, "exit 1")

    result = run("make", "run", f"PYTHON={python}", cwd=bare)

    assert result.returncode == 2
    assert said(result) == [
        "Python 3.11 or newer is needed; name one: make run PYTHON=/path/to/python3.11"
    ]


def test_make_says_what_to_do_when_python_has_no_venv(bare: Path) -> None:
    python = interpreter(bare, 'case "$2" in *venv*) exit 1;; esac')

    result = run("make", "run", f"PYTHON={python}", cwd=bare)

    assert result.returncode == 2
    assert said(result) == [
        f"{python} has no venv module; install it (Debian, Ubuntu: apt install python3-venv)."
    ]


@pytest.mark.parametrize("offset", [0, -1], ids=["the shop's port", "the payment company's"])
def test_start_says_what_to_do_when_a_port_is_taken(bare: Path, taken: int, offset: int) -> None:
    result = run(sys.executable, "start.py", "run", cwd=bare, PORT=str(taken + offset))

    assert result.returncode == 1
    assert said(result) == [f"Port {taken} is taken. Choose another: make run PORT=8010"]


@pytest.mark.parametrize("port", ["http", "0", "99999"])
def test_start_says_what_a_port_is(bare: Path, port: str) -> None:
    result = run(sys.executable, "start.py", "serve", cwd=bare, PORT=port)

    assert result.returncode == 1
    assert said(result) == ["PORT must be a number from 1 to 65534."]


def test_start_names_the_setting_that_is_wrong() -> None:
    result = run(sys.executable, "start.py", "prepare", cwd=ROOT, CURRENCY="dollars")

    assert result.returncode == 1
    assert said(result) == ["CURRENCY must be three letters such as USD, not 'dollars'."]


def test_a_command_names_the_setting_that_is_wrong() -> None:
    flask = FlaskGroup(create_app=wsgi.create_app, load_dotenv=False)

    result = CliRunner().invoke(flask, ["doctor"], env={"CURRENCY": "dollars"})

    assert result.exit_code == 1
    assert result.output == "Error: CURRENCY must be three letters such as USD, not 'dollars'.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "smtp://ann:a#b@mail.test:587"),
        ("SMTP_URL", "mail.test"),
        ("DATABASE_URL", "postgresql://ann:word@host:port/shop"),
        ("DATABASE_URL", "mysql://host/shop"),
    ],
)
def test_an_address_that_cannot_be_read_is_named_without_its_password(
    name: str, value: str
) -> None:
    with pytest.raises(config.SettingError, match=name) as refused:
        config.load({name: value, "SECRET_KEY": "k" * 40})

    assert "a#b" not in str(refused.value)


def test_the_web_server_alone_takes_the_place_of_the_program_that_starts_it(bare: Path) -> None:
    code = "import os, sys, start; os.execv = lambda _, command: sys.exit(' '.join(command))"

    result = run(sys.executable, "-c", f"{code}; start.main('web')", cwd=bare, PORT="8123")

    (line,) = said(result)
    assert line.startswith(f"{sys.executable} -m granian ")
    assert "--port 8123 --workers 2" in line


def test_serve_needs_a_secret_key(bare: Path) -> None:
    result = run(sys.executable, "start.py", "prepare", cwd=ROOT, PRODUCTION="1", SECRET_KEY="")

    assert result.returncode == 1
    assert len(said(result)) == 1
    assert said(result)[0].startswith("SECRET_KEY must be set on a public server. This makes one:")


def test_reset_removes_the_demonstration_and_keeps_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    names = ["shop.sqlite3", "shop.sqlite3-wal", "payments.sqlite3", "media/a.svg", "mail/1.eml"]
    for name in [*names, "secret_key", "other.sqlite3"]:
        file = tmp_path / "instance" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.touch()

    start.empty()

    assert {p.name for p in Path("instance").iterdir()} == {"secret_key", "other.sqlite3"}


def test_reset_leaves_another_database_alone(bare: Path) -> None:
    kept = bare / "instance" / "shop.sqlite3"
    kept.parent.mkdir()
    kept.touch()

    result = run(sys.executable, "start.py", "reset", cwd=bare, DATABASE_URL="postgresql:///shop")

    assert result.returncode == 1
    assert len(said(result)) == 1
    assert kept.exists()


def test_one_key_is_known_to_the_shop_and_to_the_test_payment_company() -> None:
    assert start.TEST_KEY == wsgi.TEST_KEY


def test_every_setting_is_explained_with_its_usual_value() -> None:
    text = (ROOT / ".env.example").read_text()

    explained = dict(re.findall(r"^#(\w+)=(.*)$", text, re.M))

    listening = {"HOST": "127.0.0.1", "PORT": "8000", "WORKERS": "2"}
    assert explained == {**config.DEFAULTS, "SECRET_KEY": "", **listening}


def test_when_one_process_ends_the_others_are_stopped() -> None:
    port = free_port()
    modules = [f"http.server {port}", "timeit -n 1 -r 1 pass"]

    result = run(
        sys.executable,
        "-c",
        f"import start; start.keep_together({modules}, 'localhost', 9)",
        cwd=ROOT,
    )

    assert "timeit ended by itself, so everything is stopped." in result.stdout
    socket.create_server(("127.0.0.1", port)).close()


def two_free_ports() -> int:
    """Return the first of two ports that nobody uses, of those that the system hands out to nobody.

    Other tests at the same time open hundreds of connections, each at a port that it hands out.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), ExitStack() as listening:
            for each in (port, port + 1):
                listening.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
    raise AssertionError("no two free ports")


@pytest.mark.slow
def test_demonstration_starts_answers_and_stops_whole(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    leave = shutil.ignore_patterns(".*", "instance", "node_modules", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=leave)
    port = two_free_ports()

    for loads in (True, False):
        process = subprocess.Popen(
            [sys.executable, "start.py", "run"],
            cwd=tree,
            env={"PATH": os.environ["PATH"], "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        text = until_ready(process)
        try:
            assert f"http://localhost:{port}/staff" in text, text
            assert "SQLite 3." in text
            assert ("is loaded." in text) is loads
            assert urlopen(f"http://localhost:{port}/collections/all").status == 200
            assert urlopen(f"http://localhost:{port + 1}/").status == 200
        finally:
            process.send_signal(signal.SIGTERM)
        # Whatever it started writes to the same pipe, which ends when the last of them has ended.
        rest, _ = process.communicate(timeout=30)
        assert (process.returncode, rest) == (0, "")


def until_ready(process: subprocess.Popen[str]) -> str:
    """Return what was printed up to and with the line that says that it is ready."""
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ready"):
            break
    return "".join(lines)
