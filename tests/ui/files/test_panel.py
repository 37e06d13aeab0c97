"""Files of a record on screen: added by button, drop and paste, opened, saved, renamed, deleted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QObject, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from crm_desktop.models import state
from crm_desktop.models.device_tables import Blob, BlobQueue
from crm_desktop.services import attachments, records
from crm_desktop.services.attachments import FileState
from crm_desktop.sync.blobs import BlobStep
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.files.words import LOOKS, state_words
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.translate import translator
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

EPOCH = b"e" * 16


@pytest.fixture
def stage(qtbot: QtBot, look: QApplication, tmp_path: Path) -> Iterator[Stage]:
    """Give a stage over a profile with one customer."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


@pytest.fixture
def panel(stage: Stage) -> FilesPanel:
    """Give the files of that customer."""
    customer = records.create(stage.app.replica, "customer", {"name": "Acme"}).value.id
    made = FilesPanel(stage.context, "customer")
    stage.show(made)
    made.show_record(customer)
    stage.settle()
    return made


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """Give a file of this computer."""
    made = tmp_path / "price list.txt"
    made.write_bytes(b"12 EUR\n" * 500)
    return made


class Opener(QObject):
    """Stands in for the programs of this computer."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        """Take note of what is opened."""
        self.opened.append(Path(url.toLocalFile()))


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener()
    QDesktopServices.setUrlHandler("file", made, "open")
    yield made
    QDesktopServices.unsetUrlHandler("file")


def names(panel: FilesPanel) -> list[str]:
    return [row.name for row in panel.rows]


def add(stage: Stage, panel: FilesPanel, path: Path) -> None:
    panel.add_files([path])
    stage.until(lambda: path.name in names(panel))
    stage.settle()
    panel.list.setCurrentIndex(panel.model.index(0))


def at_hq(stage: Stage, panel: FilesPanel) -> None:
    """Have the first file be one that is at HQ alone."""
    row = panel.rows[0]
    with stage.app.replica.applying() as session:
        state.write(session, {state.Key.DEVICE: 7, state.Key.EPOCH: EPOCH})
        blob = session.get(Blob, row.sha256)
        assert blob is not None
        blob.sent_epoch = EPOCH
    attachments.leave_at_hq(stage.app.replica, row.id)
    stage.until(lambda: panel.rows[0].state is FileState.AT_HQ)
    stage.settle()


def test_files_are_added_by_the_button_and_by_dropping_them(
    stage: Stage, panel: FilesPanel, original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel.empty.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(original)], ""))
    QTest.mouseClick(panel.add_button, Qt.MouseButton.LeftButton)
    stage.until(lambda: names(panel) == [original.name])
    assert panel.list.isVisible()
    other = tmp_path / "报价单.pdf"
    other.write_bytes(b"%PDF")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(other)), QUrl("https://example.org/x.pdf")])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none)
    panel.dragEnterEvent(entered)
    assert entered.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none))
    stage.until(lambda: names(panel) == ["报价单.pdf", original.name])


def test_a_picture_is_pasted_and_shows_small(stage: Stage, panel: FilesPanel) -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    QGuiApplication.clipboard().setImage(image)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.until(lambda: len(panel.rows) == 1)
    stage.settle()
    row = panel.rows[0]
    assert row.name.startswith("Picture 20")
    picture = panel.model.picture_of(row)
    assert picture is not None
    assert picture.width() == 240
    QGuiApplication.clipboard().setText("words are no file")
    assert not panel.paste()


def test_a_file_is_opened_from_a_copy_that_goes(
    stage: Stage, panel: FilesPanel, original: Path, opener: Opener
) -> None:
    add(stage, panel, original)
    stage.press(panel.list, Qt.Key.Key_Return)
    stage.until(lambda: len(opener.opened) == 1)
    copy = opener.opened[0]
    assert copy.name == original.name
    assert copy.read_bytes() == original.read_bytes()
    assert copy.stat().st_mode & 0o077 == 0
    records.delete(stage.app.replica, "attachment", panel.rows[0].id)
    stage.app.replica.drop_unnamed_blobs()
    assert not copy.exists()


def test_a_program_is_not_opened(stage: Stage, panel: FilesPanel, tmp_path: Path, opener: Opener) -> None:
    program = tmp_path / "setup.exe"
    program.write_bytes(b"MZ")
    add(stage, panel, program)
    stage.press(panel.list, Qt.Key.Key_Return)
    assert opener.opened == []
    assert "is a program" in str(stage.notices[-1].text)


def test_a_file_is_saved_renamed_deleted_and_brought_back(
    stage: Stage, panel: FilesPanel, original: Path, tmp_path: Path
) -> None:
    add(stage, panel, original)
    copy = tmp_path / "saved.txt"
    panel.save_to(panel.rows[0], copy)
    stage.until(copy.exists)
    stage.settle()
    assert copy.read_bytes() == original.read_bytes()
    panel.list.setFocus()
    stage.press(panel.list, Qt.Key.Key_F2)
    editor = panel.list.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    assert editor.selectedText() == "price list"
    editor.setText("prices 2026.txt")
    stage.press(editor, Qt.Key.Key_Return)
    stage.until(lambda: names(panel) == ["prices 2026.txt"])
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.model.index(0))
    stage.press(panel.list, Qt.Key.Key_Delete)
    stage.until(lambda: names(panel) == [])
    assert panel.empty.isVisible()
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.until(lambda: names(panel) == ["prices 2026.txt"])
    assert b"".join(attachments.content(stage.app.replica, panel.rows[0].id)) == original.read_bytes()


def test_a_file_at_hq_is_fetched_and_then_opened(
    stage: Stage, panel: FilesPanel, original: Path, opener: Opener
) -> None:
    add(stage, panel, original)
    at_hq(stage, panel)
    panel.list.setCurrentIndex(panel.model.index(0))
    assert not panel.save_button.isEnabled()
    said = [action.text() for action in panel.menu().actions()]
    assert "Fetch now" in said
    assert "Free the space here" not in said
    stage.press(panel.list, Qt.Key.Key_Return)
    stage.until(lambda: panel.rows[0].state is FileState.FETCHING)
    assert "Stop fetching" in [action.text() for action in panel.menu().actions()]
    row = panel.rows[0]
    step = BlobStep(sha256=row.sha256, direction="down", done=1400, total=3500)
    stage.context.sync_changed.emit(Status(phase=Phase.IDLE, file=step))
    assert state_words(row, panel.model.progress_of(row)) == "Is being fetched, 40 %"
    with stage.app.replica.applying() as session:  # what the carrier does when it has come
        sealed = stage.app.replica.blobs.seal([original.read_bytes()])
        session.add(
            Blob(
                sha256=row.sha256,
                file=sealed.file,
                key=sealed.key,
                size_bytes=sealed.size,
                is_whole=True,
                sent_epoch=EPOCH,
                used_ms=0,
            )
        )
        session.query(BlobQueue).delete()
        session.touch("attachment", [row.id])
    stage.until(lambda: len(opener.opened) == 1)
    assert opener.opened[0].read_bytes() == original.read_bytes()


def test_what_cannot_be_read_is_said_where_it_happened(
    stage: Stage, panel: FilesPanel, tmp_path: Path
) -> None:
    panel.add_files([tmp_path / "gone.txt"])
    stage.until(lambda: bool(stage.notices))
    assert "gone.txt cannot be read" in str(stage.notices[-1].text)
    assert panel.rows == ()


def test_rows_speak_both_languages(stage: Stage, panel: FilesPanel, original: Path) -> None:
    add(stage, panel, original)
    index = panel.model.index(0)
    said = str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert said.startswith("price list.txt, 3.5 KB")
    assert said.endswith("On this laptop")
    translator().use("zh_CN")
    assert str(index.data(Qt.ItemDataRole.AccessibleTextRole)).endswith("在本机")
    stage.settle()
    assert {look.icon for look in LOOKS.values()} >= {"notsent", "notdl", "dl", "warn"}


def test_forms_show_the_files_of_what_is_saved(stage: Stage, tmp_path: Path) -> None:
    picture = tmp_path / "visit.jpg"
    Image.frombytes("RGB", (30, 20), random.Random(1).randbytes(1800)).save(picture)
    visit = records.create(stage.app.replica, "activity", {"kind": "visit", "subject": "Shelf"}).value.id
    form = RecordForm(stage.context, stage.actions, "activity", visit)
    stage.show(form)
    assert form.files is not None
    assert not form.files.list.isVisible()
    form.files.add_files([picture])
    stage.until(lambda: form.files is not None and names(form.files) == ["visit.jpg"])
    stage.settle()
    assert form.files.list.isVisible()
    assert not form.dirty
    assert RecordForm(stage.context, stage.actions, "activity").files is None
