"""Starts the shop's processes and stops them together: `make run`, `make serve`, `make reset`.

Where systemd looks after each process (deploy/one-machine), `web` is the web server alone.
"""

import errno
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import load_dotenv

BEGUN = time.time()
INSTANCE = Path("instance")
OWN_DATABASE = "sqlite:///shop.sqlite3"
TEST_KEY = "sk_test_of_the_test_payment_company"
FIRST_OWNER = "Let yourself in: .venv/bin/flask --app wsgi staff add YOUR-EMAIL --role owner"
# While its body arrives, a slow client keeps a thread. Threads are made when needed and end when
# idle, so a thousand are allowed: as many slow clients do not hold up anyone else.
SERVER = """granian --interface wsgi --factory wsgi:create_app --http 1 --no-ws --log-level error
    --backlog 2048 --backpressure 1024 --blocking-threads 1024 --blocking-threads-idle-timeout 10
    --http1-buffer-size 65536 --http1-header-read-timeout 15000
    --respawn-failed-workers --workers-kill-timeout 10"""


def main(command: str) -> int:
    """Do `run`, `serve`, `web`, `reset` or `prepare`; return the exit code."""
    os.chdir(Path(__file__).parent)
    _on_signals(lambda *_: sys.exit(0))
    load_dotenv()
    if command == "prepare":
        return prepare()
    if command == "reset":
        empty()
    host, workers = setting("HOST", "127.0.0.1"), setting("WORKERS", "2")
    number = setting("PORT", "8000")
    port = int(number) if number.isdecimal() else 0
    if not 0 < port < 65535:
        sys.exit("PORT must be a number from 1 to 65534.")
    setting("SHOP_URL", f"http://localhost:{port}")
    setting("MALLOC_ARENA_MAX", "2")  # Linux: threads share memory that was freed
    os.environ["PRODUCTION"] = "1" if command in {"serve", "web"} else ""
    server = f"{SERVER} --host {host} --port {port} --workers {workers}"
    if command == "web":
        os.execv(sys.executable, [sys.executable, "-m", *server.split()])  # noqa: S606 - no shell
    modules = [server, "flask jobs run"]
    if command != "serve":
        os.environ["DEMO"] = "1"
        if not setting("STRIPE_SECRET_KEY", ""):
            modules.append(test_payment_company(host, port + 1))
    if command != "reset":
        for each in range(port, port + len(modules) - 1):
            check_port(host, each)
    # In a process of its own, because what it imports would stay in memory.
    failed = subprocess.call([sys.executable, "start.py", "prepare"])
    if failed or command == "reset":
        return failed
    return keep_together(modules, local(host), port)


def setting(name: str, usual: str) -> str:
    """Return a setting of the environment; where it is missing, put the usual value there."""
    os.environ[name] = os.environ.get(name) or usual
    return os.environ[name]


def local(host: str) -> str:
    """Return an address of this machine at which a server that listens at `host` answers."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing listens


def check_port(host: str, port: int) -> None:
    """End with one line that says what to do if we cannot listen there."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"Port {port} is taken. Choose another: make run PORT=8010")
        sys.exit(f"The shop cannot listen at HOST={host} PORT={port}: {error.strerror}.")


def test_payment_company(host: str, port: int) -> str:
    """Return how to start the test payment company, and make the settings point to it."""
    kept = INSTANCE / "webhook_secret"
    if not kept.exists():
        INSTANCE.mkdir(mode=0o700, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text("whsec_" + secrets.token_hex(24))
    secret = setting("STRIPE_WEBHOOK_SECRET", kept.read_text())
    name = urlsplit(os.environ["SHOP_URL"]).hostname
    address = setting("STRIPE_API_BASE", f"http://{name}:{port}")
    return (
        f"storefront.demo.payments --host {host} --port {port} --public-url {address}"
        f" --state {INSTANCE}/payments.sqlite3 --key {TEST_KEY} --webhook-secret {secret}"
        f" --webhook-url http://{local(host)}:{port - 1}/webhooks/stripe"
    )


def empty() -> None:
    """Remove what the demonstration shop keeps, but not its keys."""
    if setting("DATABASE_URL", OWN_DATABASE) != OWN_DATABASE:
        sys.exit("DATABASE_URL names a database of your own, so make reset removed nothing.")
    for file in [*INSTANCE.glob("shop.sqlite3*"), *INSTANCE.glob("payments.sqlite3*")]:
        file.unlink()
    for folder in ("media", "mail"):
        shutil.rmtree(INSTANCE / folder, ignore_errors=True)


def prepare() -> int:
    """Bring the database up to date, and load the demonstration into an empty one."""
    from flask_migrate import upgrade
    from sqlalchemy.exc import OperationalError

    import config
    import wsgi
    from storefront.demo.commands import load
    from storefront.staff.demo import DEMO_EMAIL, DEMO_PASSWORD
    from storefront.staff.queries import has_staff

    try:
        app = wsgi.create_app()
        with app.app_context():
            upgrade()
            if not app.config["PRODUCTION"]:
                load.main([], standalone_mode=False)
                print(f"Staff of the demonstration sign in as {DEMO_EMAIL}, {DEMO_PASSWORD}")
            elif not has_staff():
                print(f"Nobody can sign in yet. {FIRST_OWNER}")
    except config.SettingError as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database of DATABASE_URL does not answer: {error.orig}")
    return 0


def keep_together(modules: list[str], host: str, port: int) -> int:
    """Run each module as a process until one ends, a signal comes or make ends; then stop all.

    Each has a session of its own: Ctrl-C would reach granian twice, and then it hangs.
    """
    processes: list[subprocess.Popen[bytes]] = []
    parent, told = os.getppid(), False
    try:
        for module in modules:
            command = [sys.executable, "-m", *module.split()]
            processes.append(subprocess.Popen(command, start_new_session=True))
        while all(process.poll() is None for process in processes) and os.getppid() == parent:
            told = told or tell(host, port)
            time.sleep(0.1)
    finally:
        _on_signals(signal.SIG_IGN)
        for process, module in zip(processes, modules, strict=False):
            if process.poll() is not None:
                print(f"{module.partition(' -')[0]} ended by itself, so everything is stopped.")
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
    return 1


def tell(host: str, port: int) -> bool:
    """Say where the shop is if it answers by now; return whether it does."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        state = connection.getresponse().read().decode().strip()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    address = os.environ["SHOP_URL"]
    seconds = time.time() - float(setting("STARTED", str(BEGUN)))
    print(f"The shop is at {address} and its staff desk at {address}/staff.")
    print(f"Its {', its '.join(state.splitlines())}.")
    print(f"Ready after {seconds:.0f} s. Ctrl-C stops it, and its data stays.", flush=True)
    return True


def _on_signals(action: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, action)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
