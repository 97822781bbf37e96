"""Dated backups: one a day, the latest fourteen and each month's first are kept."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from storefront.exchange import keeping

FIRST = datetime(2026, 1, 10, 3, 30, tzinfo=UTC)


def test_the_latest_and_each_months_first_stay(tmp_path: Path) -> None:
    for day in range(100):
        keeping.place(tmp_path, FIRST + timedelta(days=day)).touch()
    others = [tmp_path / name for name in ("shop-mine.zip", "shop-99999999-999999.zip", "a.zip")]
    for file in others:
        file.touch()

    removed = keeping.thin_out(tmp_path)

    kept = sorted(set(tmp_path.iterdir()) - set(others))
    days = [FIRST, *(datetime(2026, month, 1, 3, 30, tzinfo=UTC) for month in (2, 3, 4))]
    days += [FIRST + timedelta(days=day) for day in range(86, 100)]
    assert kept == sorted({keeping.place(tmp_path, day) for day in days})
    assert removed == 100 - len(kept)
    assert all(file.exists() for file in others)
    assert keeping.last_made(tmp_path) == FIRST + timedelta(days=99)
    assert keeping.thin_out(tmp_path) == 0


def test_a_backup_without_a_name_is_dated_and_private(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", str(folder))

    result = app.test_cli_runner().invoke(args=["backup"])

    assert result.exit_code == 0, result.output
    (file,) = folder.iterdir()
    assert keeping.NAME.fullmatch(file.name)
    assert file.name in result.output
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_a_sentence(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", str(tmp_path / "file" / "backups"))

    result = app.test_cli_runner().invoke(args=["backup"])

    assert result.exit_code == 1
    assert "cannot be written" in result.output and "Traceback" not in result.output
