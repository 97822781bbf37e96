"""Measures everything once and prints it: `python -m bench`, about two minutes."""

import argparse
import hmac
import json
import os
import tempfile
import time
from contextlib import ExitStack
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from bench import load, pages, servers, shop
from bench.load import Request
from blog.models import Article
from storefront.catalogue.models import Product, Variant
from storefront.db import Base, db
from storefront.orders.models import Order

WORKERS = 2
ROUNDS = 2
MOST_QUERIES = 6
MOST_KILOBYTES = 80
MOST_MEGABYTES = 300
LEAST = {
    "product page": 0.85,
    "product page, 304": 0.9,
    "product page, not kept": 0.08,
    "article, not kept": 0.08,
    "home, not kept": 0.08,
    "listing, not kept": 0.08,
    "cart add": 0.06,
    "checkout start": 0.03,
    "webhook settled": 0.03,
}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database's address")
    parser.add_argument("--seconds", type=int, default=2, help="for each measurement")
    parser.add_argument("--purchases", type=int, default=600, help="checkouts and webhooks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        measure(options, folder, running)


def measure(options: argparse.Namespace, folder: str, running: ExitStack) -> None:
    """Start the yardstick, the shop and an instant payment company; measure; print."""
    bare, port, company, unkept = (servers.free_port() for _ in range(4))
    environment = {
        shop.FOLDER: folder,
        "DATABASE_URL": options.database or f"sqlite:///{folder}/shop.sqlite3",
        "STRIPE_API_BASE": f"http://127.0.0.1:{company}",
        "SHOP_URL": f"http://127.0.0.1:{port}",
        "FLASK_SKIP_DOTENV": "1",
        "PRODUCTION": "",
    }
    os.environ.update({**environment, shop.PAGES_KEPT: "0"})
    app = shop.create_app()
    sku = shop.load(app)
    with app.app_context():
        if options.database:
            running.callback(_empty, app)
        handle = db.session.scalars(
            select(Product.handle).join(Product.variants).where(Variant.sku == sku)
        ).one()
        slug = db.session.scalars(select(Article.slug).order_by(Article.id)).first()
        db.session.remove()
    start = running.enter_context
    web = start(
        servers.serving(
            "bench.shop:create_app",
            port,
            workers=WORKERS,
            environment={**environment, shop.PAGES_KEPT: "1"},
        )
    )
    start(servers.serving("bench.company:create_app", company, workers=1, environment={}))
    start(
        servers.serving(
            "bench.shop:create_app",
            unkept,
            workers=WORKERS,
            environment=environment,
        )
    )
    size = len(load.ask(Request(port, f"/products/{handle}")).body)
    start(
        servers.serving(
            "bench.bare:create_app", bare, workers=WORKERS, environment={"BARE_BYTES": str(size)}
        )
    )
    yardstick = Request(bare, "/")
    _tell_setting(options, yardstick, size)

    print(f"\n{'':24}{'r/s':>8}{'bare':>9}{'ratio':>8}   goal")
    for name, request in _repeated(
        port, unkept, f"/products/{handle}", f"/blog/{slug}", sku
    ).items():
        rates = [
            (load.rate(yardstick, options.seconds), load.rate(request, options.seconds))
            for _ in range(ROUNDS)
        ]
        _row(name, median(r for _, r in rates), median(b for b, _ in rates))
    _purchases(options, app, port, sku, yardstick)

    jobs = start(
        servers.running(
            ["-m", "flask", "--app", "bench.shop:create_app", "jobs", "run"], environment
        )
    )
    paths = ["/", "/collections/all", f"/products/{handle}", "/blog", f"/blog/{slug}", "/coaches"]
    print("\nqueries per page, at most", MOST_QUERIES)
    for path in [*paths, "/products.json"]:
        number = pages.queries(app, path)
        print(f"  {path:48}{number:>4}{_missed(number <= MOST_QUERIES)}")
    print("\nbytes of a first visit, at most", MOST_KILOBYTES, "KB")
    for path in ("/", f"/products/{handle}", f"/blog/{slug}"):
        sizes = pages.cold_bytes(port, path)
        total = sum(sizes.values()) / 1000
        parts = ", ".join(f"{kind} {size / 1000:.1f}" for kind, size in sizes.items())
        print(f"  {path:48}{total:>6.1f} KB ({parts}){_missed(total <= MOST_KILOBYTES)}")
    time.sleep(3)  # the jobs process has loaded everything by now
    megabytes, kind = servers.memory([web.pid, jobs.pid])
    told = _missed(megabytes <= MOST_MEGABYTES)
    print(f"\nmemory of web ({WORKERS} workers) and jobs: {megabytes} MB ({kind}){told}")


def _tell_setting(options: argparse.Namespace, yardstick: Request, size: int) -> None:
    url = make_url(os.environ["DATABASE_URL"])
    print(
        f"{load.CONNECTIONS} connections, granian with {WORKERS} workers, {url.get_backend_name()}"
    )
    tool = "wrk" if load.WRK else "this program's own client (wrk is not installed)"
    print(f"repeated requests by {tool}; the yardstick is bare Flask, {size} bytes")
    ceiling, _ = load.rate_of_each([yardstick] * 3000)
    print(f"purchases by this program's own client, which itself reaches {ceiling:,.0f} r/s")
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _repeated(port: int, unkept: int, product: str, article: str, sku: str) -> dict[str, Request]:
    """Return what is measured by one request repeated; `unkept`: of a shop that keeps no page."""
    requests = {
        "product page": Request(port, product),
        "product page, not kept": Request(unkept, product),
        "article, not kept": Request(unkept, article),
        "home, not kept": Request(unkept, "/"),
        "listing, not kept": Request(unkept, "/collections/all"),
        "cart add": Request(
            port, "/cart/lines", 303, "POST", f"sku={sku}&quantity=1".encode(), FORM
        ),
        "static file": Request(port, "/static/css/base.css"),
    }
    for name, path in (
        ("product page, 304", product),
        ("static file, 304", "/static/css/base.css"),
    ):
        tag = load.ask(Request(port, path)).headers.get("etag")
        if tag is not None:
            requests[name] = Request(port, path, 304, headers={"If-None-Match": tag})
    return requests


def _purchases(
    options: argparse.Namespace, app: "shop.Flask", port: int, sku: str, yardstick: Request
) -> None:
    """Measure checkouts, each of a cart of its own, and the events that settle them."""
    bare = [load.rate(yardstick, options.seconds)]
    checkouts = [
        Request(port, "/checkout", 303, "POST", b"", {**FORM, "Cookie": cookies})
        for cookies in shop.carts(app, sku, options.purchases)
    ]
    started, answers = load.rate_of_each(checkouts)
    bare.append(load.rate(yardstick, options.seconds))
    _row("checkout start", started, median(bare), failed=_failed(answers, 303))
    events = [
        _event(port, answer.headers["location"].rpartition("/")[2], number)
        for number, answer in enumerate(answers)
        if answer.status == 303
    ]
    settled, answers = load.rate_of_each(events)
    bare = [bare[-1], load.rate(yardstick, options.seconds)]
    _row("webhook settled", settled, median(bare), failed=_failed(answers, 200))
    with app.app_context():
        paid = db.session.scalar(select(func.count(Order.id)).where(Order.state == "paid"))
        db.session.remove()
    settled_well = len(events) - _failed(answers, 200)
    if paid != settled_well:
        raise load.WrongAnswer(f"{settled_well} events answered with 200, {paid} paid orders")


def _event(port: int, session_id: str, number: int) -> Request:
    event = {
        "id": f"evt_{number}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "data": {"object": {"id": session_id, "object": "checkout.session"}},
    }
    body, at = json.dumps(event).encode(), int(time.time())
    signed = hmac.new(shop.SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"}
    return Request(port, "/webhooks/stripe", 200, "POST", body, headers)


def _failed(answers: list[load.Answer], right: int) -> int:
    return sum(answer.status != right for answer in answers)


def _row(name: str, rate: float, bare: float, *, failed: int = 0) -> None:
    ratio, least = rate / bare, LEAST.get(name)
    goal = "" if least is None else f"   {least:.2f}{_missed(ratio >= least)}"
    if failed:
        goal += f"   {failed} ANSWERS WERE WRONG"
    print(f"{name:24}{rate:>8,.0f}{bare:>9,.0f}{ratio:>8.3f}{goal}", flush=True)


def _missed(reached: bool) -> str:
    return "" if reached else "   MISSED"


def _empty(app: "shop.Flask") -> None:
    """Take everything out of the database that was given for measuring."""
    with app.app_context(), db.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


if __name__ == "__main__":
    main()
