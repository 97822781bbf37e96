"""Pictures that come in: taken upright and bare, refused in a sentence."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageCms, PngImagePlugin

from storefront import media, pictures
from storefront.pictures import NotTaken, copies_of, srcset


def written(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def opened(copies: pictures.Copies, name: str = "") -> Image.Image:
    return Image.open(BytesIO(copies.files[name or copies.key]))


def halves(size: tuple[int, int] = (400, 200)) -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


def test_copies_are_made_in_each_width_and_never_enlarged() -> None:
    copies = copies_of(written(halves((2000, 1000))))

    stem = copies.key.partition("-")[0]
    assert (copies.width, copies.height) == (1600, 800)
    assert set(copies.files) == {
        f"{stem}-{width}.{kind}" for width in (320, 640, 960, 1600) for kind in ("jpg", "webp")
    }
    assert all(media.KEY.fullmatch(key) for key in copies.files)
    assert opened(copies, f"{stem}-640.webp").size == (640, 320)
    assert opened(copies, f"{stem}-640.webp").format == "WEBP"
    small = copies_of(written(halves((400, 200)), "PNG"))
    assert [opened(small, name).width for name in small.files] == [320, 320, 400, 400]
    assert copies_of(written(halves((2000, 1000)))).key == copies.key


def test_srcset_names_the_files_that_were_made_and_none_for_a_drawing() -> None:
    copies = copies_of(written(halves((700, 350))))

    for kind in ("jpg", "webp"):
        named = [entry.split(" ")[0] for entry in srcset(copies.key, kind).split(", ")]
        assert named == [f"/media/{n}" for n in copies.files if n.endswith(kind)]
    assert srcset("0" * 32 + ".svg", "jpg") == ""


def test_picture_stands_upright_and_keeps_nothing_of_what_was_said_about_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    exif[0x010F] = "A camera with an owner"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "at home")

    turned = copies_of(written(halves(), exif=exif, comment=b"at home"))
    plain = copies_of(written(halves(), "PNG", pnginfo=text, exif=exif))

    for copies in (turned, plain):
        image = opened(copies).convert("RGB")
        assert image.size == (200, 400)
        assert image.getpixel((100, 40))[0] > 200  # type: ignore[index]
        for name, data in copies.files.items():
            info = opened(copies, name).info
            assert not {"exif", "comment", "xmp", "icc_profile"} & set(info)
            assert b"owner" not in data and b"at home" not in data


@pytest.mark.parametrize(
    ("mode", "color", "kind"),
    [
        ("RGBA", (255, 0, 0, 0), "PNG"),
        ("RGBA", (255, 0, 0, 0), "WEBP"),
        ("LA", (0, 0), "PNG"),
        ("P", 255, "PNG"),
        ("L", 255, "JPEG"),
        ("1", 1, "PNG"),
        ("CMYK", (0, 0, 0, 0), "JPEG"),
        ("I;16", 65535, "PNG"),
    ],
)
def test_every_kind_of_picture_is_white_where_it_was_clear_or_white(
    mode: str, color: Any, kind: str
) -> None:
    image = Image.new(mode, (300, 200), color)
    if mode == "P":
        image.putpalette([255, 255, 255] * 256)

    copies = copies_of(written(image, kind))

    assert opened(copies).mode == "RGB"
    assert min(opened(copies).getpixel((150, 100))) > 250  # type: ignore[type-var, arg-type]


def test_first_of_moving_pictures_and_colors_of_another_profile_are_taken() -> None:
    frames = [Image.new("RGB", (200, 200), name) for name in ("lime", "red")]
    moving = copies_of(written(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    odd = copies_of(written(halves(), icc_profile=lab))

    assert opened(moving).getpixel((100, 100))[1] > 200  # type: ignore[index]
    assert opened(odd).getpixel((40, 100))[0] > 200  # type: ignore[index]


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9))


def test_what_is_no_picture_of_ours_is_refused_in_a_sentence() -> None:
    good = written(halves())
    refused = {
        b"": pictures.NO_PICTURE,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>": pictures.NO_PICTURE,
        b"<!doctype html><p>x": pictures.NO_PICTURE,
        b"%PDF-1.7": pictures.NO_PICTURE,
        written(halves(), "GIF"): pictures.NO_PICTURE,
        written(halves(), "TIFF"): pictures.NO_PICTURE,
        good + b"<script>alert(1)</script>": pictures.TWO_THINGS,
        good + b"PK\5\6" + b"\0" * 18: pictures.TWO_THINGS,
        good[:400]: pictures.DAMAGED,
        good[:20]: pictures.NO_PICTURE,
        png_header(7100, 7100): pictures.TOO_MANY,
        png_header(10_000, 10_000): pictures.TOO_MANY,
        png_header(60_000, 60_000): pictures.TOO_MANY,
        png_header(300, 300): pictures.DAMAGED,
        good + b"\0" * pictures.MOST_BYTES: pictures.TOO_LARGE,
        written(halves((99, 300))): pictures.TOO_SMALL,
        written(halves((6000, 150))): pictures.TOO_SMALL,
    }

    said = {}
    for content in refused:
        with pytest.raises(NotTaken) as reason:
            copies_of(content)
        said[content] = str(reason.value)

    assert said == refused


def test_a_taken_picture_is_served_and_a_refused_one_leaves_no_file(
    app: Flask, client: FlaskClient
) -> None:
    copies = media.take_in(written(halves()))
    before = sorted(Path(app.config["MEDIA_FOLDER"]).iterdir())

    with pytest.raises(NotTaken):
        media.take_in(b"x")

    for name, data in copies.files.items():
        with client.get(f"/media/{name}") as answer:
            assert (answer.status_code, answer.data) == (200, data)
            assert answer.mimetype == ("image/webp" if name.endswith("webp") else "image/jpeg")
    assert sorted(Path(app.config["MEDIA_FOLDER"]).iterdir()) == before
