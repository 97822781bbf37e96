"""What `make bench` measures of a page is what a browser gets."""

from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from bench.pages import cold_bytes
from tests.factories import Make


def test_first_visit_is_counted_as_it_is_sent(app: Flask, make: Make) -> None:
    make.product("harbor")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        sizes = cold_bytes(server.server_port, "/products/harbor")
    finally:
        server.shutdown()
        thread.join()

    whole = len(app.test_client().get("/products/harbor").data)
    assert 0 < sizes["HTML"] < whole / 2  # compressed
    assert min(sizes["CSS"], sizes["JS"]) > 0
