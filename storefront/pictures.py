"""Pictures as they come in: what is taken, and the upright copies without metadata made of it."""

import hashlib
import re
import threading
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
WIDTHS = (320, 640, 960, 1600)
MOST_HIGH = 3200  # pixels
LEAST = 100  # pixels on each side

NO_PICTURE = "This is not a picture that the shop takes. Please choose a JPEG, PNG or WebP file."
TOO_LARGE = "The file is larger than 15 MB. Please save the picture smaller and choose it again."
TOO_MANY = "The picture has more than 50 million pixels. Please save it smaller."
TOO_SMALL = f"The picture is too small: it needs at least {LEAST} pixels on each side."
DAMAGED = "The picture cannot be read: the file is damaged or did not arrive whole."
TWO_THINGS = (
    "The file is a picture and something else at once, which the shop does not take."
    " Please save it anew in a picture program."
)

_OTHERS = re.compile(rb"<script|<!doctype|<html[\s>]|<\?php\s", re.IGNORECASE)
_SIZED = re.compile(r"([0-9a-f]{32})-([0-9]{1,4})\.jpg")
_SRGB = ImageCms.createProfile("sRGB")
_one_at_a_time = threading.Lock()  # fifty million pixels fill two hundred megabytes


class NotTaken(Exception):
    """A file is refused; the message is the sentence for whoever sent it."""


@dataclass(frozen=True)
class Copies:
    """A picture to keep: the name and size of its largest JPEG, and every file by its name."""

    key: str
    width: int
    height: int
    files: dict[str, bytes]


def copies_of(content: bytes) -> Copies:
    """Make WebP and JPEG copies of a JPEG, PNG or WebP in up to four widths, never enlarged.

    The kind is known by the content alone. Of a moving picture the first image is taken, and what
    shows through becomes white. Raises NotTaken with the sentence for whoever sent it.
    """
    if len(content) > MOST_BYTES:
        raise NotTaken(TOO_LARGE)
    if _OTHERS.search(content) or b"%PDF-" in content[:1024] or b"PK\5\6" in content[-65_558:]:
        raise NotTaken(TWO_THINGS if _kind(content) else NO_PICTURE)
    with _one_at_a_time:
        return _named(_upright(content))


def srcset(key: str, kind: str) -> str:
    """Return the `srcset` of a picture in `kind`, "webp" or "jpg"; '' for a drawing."""
    found = _SIZED.fullmatch(key)
    if not found:
        return ""
    return ", ".join(
        f"/media/{found[1]}-{width}.{kind} {width}w" for width in _widths(int(found[2]))
    )


def _widths(largest: int) -> list[int]:
    return [width for width in WIDTHS if width < largest] + [largest]


def _kind(content: bytes) -> str | None:
    """Return what a picture is by its content, None where it is no picture that is taken."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            return image.format
    except Exception:  # Pillow's readers raise what they like for what is not theirs
        return None


def _upright(content: bytes) -> Image.Image:
    """Return the picture upright, in sRGB, at most as large as the largest copy."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as file:
            if file.width * file.height > MOST_PIXELS:
                raise NotTaken(TOO_MANY)
            image = file.convert("RGBA") if file.mode == "P" else file
            image.thumbnail((MOST_HIGH, MOST_HIGH), reducing_gap=1.0)
            upright = _on_white(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotTaken(TOO_MANY) from None
    except UnidentifiedImageError:
        raise NotTaken(NO_PICTURE) from None
    except NotTaken:
        raise
    except Exception:  # Pillow's readers raise what they like over a damaged file
        raise NotTaken(DAMAGED) from None
    upright.thumbnail((WIDTHS[-1], MOST_HIGH))
    if min(upright.size) < LEAST:
        raise NotTaken(TOO_SMALL)
    return upright


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture on white, with nothing of what the file said about itself."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # sixteen bits a pixel, of which converting keeps the lowest
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    whole = Image.new("RGB", image.size, "white")
    clear = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    whole.paste(_in_srgb(image, profile), mask=clear)
    return whole


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode not in {"RGB", "CMYK", "L"}:
        image = image.convert("RGB")
    if profile:
        try:
            changed = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile for something else than this picture: shown as if it had none
        else:
            if changed is not None:
                return changed
    return image.convert("RGB")


def _named(image: Image.Image) -> Copies:
    """Write the copies out; all of them are named by the content of all."""
    written: dict[tuple[int, str], bytes] = {}
    for width in _widths(image.width):
        height = max(1, round(image.height * width / image.width))
        copy = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        for kind, how in (
            ("jpg", {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True}),
            ("webp", {"format": "WEBP", "quality": 80}),
        ):
            file = BytesIO()
            copy.save(file, **how)  # type: ignore[arg-type]
            written[width, kind] = file.getvalue()
    name = hashlib.sha256(b"".join(written.values())).hexdigest()[:32]
    files = {f"{name}-{width}.{kind}": data for (width, kind), data in written.items()}
    return Copies(f"{name}-{image.width}.jpg", *image.size, files)
