"""The application: the one module that knows every room."""

import gc
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

import blog.demo
import blog.person
import config as settings
import storefront.catalogue.demo
import storefront.checkout.person
import storefront.coaches.demo
import storefront.delivery.demo
import storefront.mail.person
import storefront.notices.person
import storefront.orders.person
import storefront.pages.demo
import storefront.returns.person
import storefront.settings.demo
import storefront.staff.demo
import storefront.staff.person
import storefront.stock.demo
from blog import articles_desk, reviews_desk
from blog import desk as comments_desk
from blog import jobs as blog_jobs
from blog import queries as blog_queries
from blog import searching as blog_searching
from blog import views as blog_views
from storefront import (
    assets,
    compressed,
    db,
    doctor,
    errors,
    frame,
    guard,
    jobs,
    limits,
    media,
    pagecache,
    person,
    sessions,
)
from storefront.cart import cookie as cart_cookie
from storefront.cart import views as cart
from storefront.catalogue import collections, collections_desk
from storefront.catalogue import desk as products_desk
from storefront.catalogue import queries as catalogue_queries
from storefront.catalogue import searching as catalogue_searching
from storefront.catalogue import views as catalogue
from storefront.checkout import checkup as checkout_checkup
from storefront.checkout import commands as checkout_commands
from storefront.checkout import desk as checkout_desk
from storefront.checkout import jobs as checkout_jobs
from storefront.checkout import phone_desk, webhook
from storefront.checkout import setting as checkout_setting
from storefront.checkout import views as checkout
from storefront.clock import utcnow
from storefront.coaches import desk as coaches_desk
from storefront.coaches import queries as coaches_queries
from storefront.coaches import searching as coaches_searching
from storefront.coaches import views as coaches
from storefront.delivery import desk as delivery_desk
from storefront.demo import commands as demo
from storefront.exchange import accounts_desk
from storefront.exchange import checkup as exchange_checkup
from storefront.exchange import commands as exchange
from storefront.exchange import keeping as backups
from storefront.fit import views as fit
from storefront.machines import structured
from storefront.machines import views as machines
from storefront.mail import checkup as mail_checkup
from storefront.mail import commands as mail_commands
from storefront.mail import jobs as mail_jobs
from storefront.notices import desk as notices_desk
from storefront.notices import jobs as notices_jobs
from storefront.notices import views as notices
from storefront.opening import desk as opening_desk
from storefront.orders import desk as orders_desk
from storefront.orders import views as orders
from storefront.pages import checkup as machine_checkup
from storefront.pages import desk as pages_desk
from storefront.pages import finding
from storefront.pages import searching as pages_searching
from storefront.pages import views as pages
from storefront.remembered import remembered
from storefront.returns import desk as returns_desk
from storefront.returns import views as returns
from storefront.search import commands as search_commands
from storefront.search import index as search_index
from storefront.staff import commands as staff_commands
from storefront.staff import desk as staff
from storefront.staff import mails as mails_desk
from storefront.staff import security
from storefront.staff.desk import Desk
from storefront.stock import checkup as stock_checkup
from storefront.stock import commands as stock_commands
from storefront.stock import desk as stock_desk

TEST_KEY = "sk_test_of_the_test_payment_company"
MENU = [
    ("/collections/all", "Shop"),
    ("/blog", "Articles"),
    ("/coaches", "Coaches"),
    ("/search", "Search"),
    ("/accessibility", "Display settings"),
]


def create_app(config: Mapping[str, Any] | None = None, payments: Any = None) -> Flask:
    """Return the whole shop. `config` overrides the environment; `payments` the company.

    Raises config.SettingError where a setting has a value that the shop cannot work with.
    """
    root = str(settings.INSTANCE.parent)
    app = Flask("shop", root_path=root, instance_path=str(settings.INSTANCE))
    app.config.update(
        MAX_CONTENT_LENGTH=256 * 1024,
        MEDIA_FOLDER=str(settings.INSTANCE / "media"),
        MAIL_FOLDER=str(settings.INSTANCE / "mail"),
        SETTINGS_KEPT=1.0,  # seconds
        PAGES_KEPT=1.0,
        BACKUP_FOLDER=str(settings.INSTANCE / "backups"),
        WTF_CSRF_TIME_LIMIT=None,  # slow hands
        WTF_CSRF_SSL_STRICT=False,  # storefront/guard.py does it, also for those without Referer
    )
    app.config.update(settings.load(os.environ))
    app.config.update(config or {})
    app.config["GIVEN"] |= (config or {}).keys()
    _derive(app)

    db.init_app(app)
    for part in (pagecache, compressed, assets, frame, sessions, guard, errors, limits, security):
        part.init_app(app)
    checkout_setting.init_app(app, payments)
    Migrate(app, db.db, directory=str(settings.INSTANCE.parent / "migrations"))
    for room in (
        media,
        catalogue,
        coaches,
        fit,
        cart,
        checkout,
        webhook,
        orders,
        returns,
        notices,
        pages,
        machines,
        finding,
        blog_views,
    ):
        app.register_blueprint(room.blueprint)
    for desk in (
        staff,
        orders_desk,
        phone_desk,
        returns_desk,
        checkout_desk,
        stock_desk,
        notices_desk,
        comments_desk,
        mails_desk,
        delivery_desk,
        opening_desk,
        products_desk,
        collections_desk,
        accounts_desk,
    ):
        app.register_blueprint(desk.blueprint)
    for blueprint in (
        articles_desk.blueprint,
        articles_desk.preview_blueprint,
        reviews_desk.blueprint,
        coaches_desk.blueprint,
        pages_desk.blueprint,
    ):
        app.register_blueprint(blueprint)
    orders.parts[:] = [returns.of_order]
    catalogue.parts[:] = [notices.of_product]
    stock_desk.parts[:] = [notices_desk.of_variant]
    staff.desks[:] = [
        Desk("Selling", "/staff/orders", "Orders", orders_desk.ROLES),
        Desk("Selling", "/staff/phone-orders", "Phone orders", phone_desk.ROLES),
        Desk("Selling", "/staff/returns", "Returns", returns_desk.ROLES),
        Desk("Selling", "/staff/payments", "Payments", checkout_desk.ROLES),
        Desk("Selling", "/staff/mails", "Mails", mails_desk.ROLES),
        Desk("Selling", "/staff/delivery", "Delivery", delivery_desk.ROLES),
        Desk("Shoes", "/staff/stock", "Stock", stock_desk.ROLES),
        Desk("Shoes", "/staff/notices", "Wanted", notices_desk.ROLES),
        Desk("Shoes", "/staff/products", "Products", products_desk.ROLES),
        Desk("Shoes", "/staff/collections", "Collections", collections_desk.ROLES),
        Desk("Writing", "/staff/articles", "Articles", articles_desk.ROLES),
        Desk("Writing", "/staff/comments", "Comments", comments_desk.ROLES),
        Desk("Writing", "/staff/reviews", "Reviews", reviews_desk.ROLES),
        Desk("Writing", "/staff/people", "People", articles_desk.ROLES),
        Desk("Writing", "/staff/coaches", "Coaches", coaches_desk.ROLES),
        Desk("Writing", "/staff/pages", "Pages", pages_desk.ROLES),
        Desk("Shop", "/staff/accounts", "Accounts", accounts_desk.ROLES),
        Desk("Shop", "/staff/settings", "Settings", opening_desk.ROLES),
        Desk("Shop", "/staff/opening", "Opening", opening_desk.ROLES),
    ]
    staff.notes[:] = [checkout_desk.note]
    staff.before_opening[:] = [opening_desk.before_opening]
    staff.waiting[:] = [
        orders_desk.waiting,
        returns_desk.waiting,
        checkout_desk.waiting,
        comments_desk.waiting,
        reviews_desk.waiting,
        mails_desk.waiting,
    ]

    app.jinja_env.globals.update(
        menu=_menu,
        published_pages=pages.footer,
        terms_of_sale=pages.terms,
        articles_about=blog_views.about,
        latest_articles=blog_views.latest,
        has_coaches=remembered(coaches_queries.has_any),
        data_of_product=structured.of_product,
        data_of_place=structured.of_place,
        data_of_path=structured.of_path,
    )
    machines.entries[:] = [
        catalogue_queries.addresses,
        collections.addresses,
        lambda: blog_queries.addresses(now=utcnow()),
        coaches_queries.addresses,
        pages.addresses,
    ]
    demo.loaders[:] = [
        storefront.staff.demo.load,
        storefront.settings.demo.load,
        storefront.delivery.demo.load,
        storefront.catalogue.demo.load,
        storefront.stock.demo.load,
        storefront.coaches.demo.load,
        blog.demo.load,
        storefront.pages.demo.load,
    ]
    search_index.sources[:] = [
        catalogue_searching.entries,
        blog_searching.entries,
        pages_searching.entries,
        coaches_searching.entries,
    ]
    doctor.checks[:] = [
        ("Settings", machine_checkup.settings),
        ("Database", machine_checkup.database),
        ("Folders", machine_checkup.folders),
        ("Redis", machine_checkup.redis),
        ("Mail server", mail_checkup.server),
        ("Jobs", mail_checkup.due),
        ("Payment key", checkout_checkup.key),
        ("Events", checkout_checkup.events),
        ("Payment pages", checkout_checkup.due),
        ("Stock", stock_checkup.counts),
        ("Backup", exchange_checkup.backups),
    ]
    storefront.orders.person.needed_by[:] = [storefront.returns.person.needed]
    storefront.orders.person.emptied_too[:] = [storefront.returns.person.empty]
    person.exports[:] = [
        ("orders", storefront.orders.person.export),
        ("returns", storefront.returns.person.export),
        ("orders_by_phone", storefront.checkout.person.export),
        ("notices", storefront.notices.person.export),
        ("comments", blog.person.export),
        ("mails", storefront.mail.person.export),
        ("account", storefront.staff.person.export),
    ]
    person.erasers[:] = [
        storefront.orders.person.erase,  # first: it says which orders stay
        storefront.checkout.person.erase,
        storefront.notices.person.erase,
        blog.person.erase,
        storefront.mail.person.erase,
        storefront.staff.person.erase,
    ]
    person.afterwards[:] = [mail_jobs.remove_files]
    person.terms[:] = [
        storefront.orders.person.terms,
        storefront.checkout.person.terms,
        storefront.mail.person.terms,
        storefront.notices.person.terms,
        blog.person.terms,
        cart_cookie.terms,
        pages.terms_of_settings,
        limits.terms,
        backups.terms,
    ]
    jobs.schedule[:] = [
        *mail_jobs.jobs,
        *checkout_jobs.jobs,
        notices_jobs.job,
        blog_jobs.job,
        search_commands.job,
        person.job,
    ]
    for commands in (
        demo,
        jobs,
        exchange,
        mail_commands,
        checkout_commands,
        staff_commands,
        stock_commands,
        search_commands,
        person,
    ):
        app.cli.add_command(commands.group)
    app.cli.add_command(checkout_commands.company)
    app.cli.add_command(exchange.accountant)
    for command in (exchange.write_backup, exchange.restore_backup, doctor.examine):
        app.cli.add_command(command)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    if not app.testing:
        # What is made by now stays: looking through it for garbage again and again costs a tenth.
        gc.freeze()
        gc.set_threshold(10_000, 20, 100)
    return app


@remembered
def _menu() -> list[tuple[str, str]]:
    """Return the header's links but those that would lead to an empty list."""
    try:
        there = {"/blog": blog_queries.has_any(utcnow()), "/coaches": coaches_queries.has_any()}
    except SQLAlchemyError:  # the page that says so has the whole menu
        there = {}
    return [(address, words) for address, words in MENU if there.get(address, True)]


def _derive(app: Flask) -> None:
    """Add what follows from the settings: whether money moves, and where the payment page is."""
    config = app.config
    base = config["STRIPE_API_BASE"]
    if base and not config["STRIPE_SECRET_KEY"]:
        config["STRIPE_SECRET_KEY"] = TEST_KEY
    config["TEST_MODE"] = "_live_" not in config["STRIPE_SECRET_KEY"]
    parts = urlsplit(base or "https://checkout.stripe.com")
    config["PAYMENT_PAGE_ORIGIN"] = f"{parts.scheme}://{parts.netloc}"
