"""Pictures of the pages, as the README and the demo take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.ui import pictures
from crm_desktop.ui.theme import theme


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "only for pictures")


def test_pages_and_records_are_drawn_under_their_names_in_the_look_asked_for(
    look: QApplication, tmp_path: Path
) -> None:
    wanted = (
        "products,drift=tickets:Flow meter drifts@dark,customers:heron@zh_CN,"
        "log=products!frame.log,found=products!frame.find!'heron,"
        "plan=orders[status = confirmed]#plan,columns=products!*Columns"
    )
    assert pictures.main([str(tmp_path), "--pages", wanted]) == 0
    drawn = {file.stem: QImage(str(file)) for file in tmp_path.glob("*.png")}
    assert set(drawn) == {"products", "drift", "customers-record", "log", "found", "plan", "columns"}
    assert drawn["columns"] != drawn["products"]
    assert drawn["log"] != drawn["products"] != drawn["found"] != drawn["log"]
    assert all(image.width() == 1440 and image.height() == 900 for image in drawn.values())
    assert drawn["products"].pixelColor(2, 500).lightness() > 200
    assert drawn["drift"].pixelColor(2, 500).lightness() < 60
    theme().apply(look, "light")


def _seldom(*values: str) -> Any:
    """Return a case of the long run alone: each opens a window."""
    return pytest.param(*values, marks=pytest.mark.soak)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        _seldom("nowhere", "There is no page “nowhere”"),
        _seldom("quotes:Unheard Of", "Nothing was found for"),
        _seldom("orders[status = draft]!*Twiddle", "There is no button “Twiddle” to press"),
        ("orders[status = lost]", "status"),
        ("home!Twiddle", "“Twiddle” is neither an action of this page nor a key"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    look: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], wanted: str, said: str
) -> None:
    assert pictures.main([str(tmp_path), "--pages", wanted]) == 2
    assert said in capsys.readouterr().err
