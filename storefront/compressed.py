"""What is the same for everyone goes out compressed: public pages, styles, scripts and drawings."""

from flask import Flask, Response, request
from flask_compress import Compress

from storefront.sessions import is_personal


def init_app(app: Flask) -> None:
    """Compress public answers; those of one person stay as they are, since what compresses well
    together tells of a secret beside what a stranger chose (BREACH, CVE-2013-3587).
    """
    algorithms = ["zstd", "br", "gzip"]
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_ALGORITHM=algorithms,
        COMPRESS_ALGORITHM_STREAMING=algorithms,
        COMPRESS_LEVEL=4,  # of gzip: half the time of 6, a thirtieth more bytes
    )
    compress = Compress(app)

    @app.after_request
    def shrink(response: Response) -> Response:
        if is_personal(request.path) or response.status_code == 206:
            return response
        if response.direct_passthrough and response.mimetype in compress.compress_mimetypes_set:
            response.direct_passthrough = False
            response.make_sequence()  # a file: as a stream it would not be closed
        return compress.after_request(response)
