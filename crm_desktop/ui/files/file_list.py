"""Files as rows: small picture or sign, name, size, and where the content is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from crm_desktop.services.attachments import FileRow, FileState
from crm_desktop.ui.files.words import LOOKS, second_line, state_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW_HEIGHT, PICTURE, GAP = 52, 36, 12
_STATE_ROOM = 190
_NARROW_BELOW = 480  # narrower, the state is a shape at the right and words in the second line
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class FileModel(QAbstractListModel):
    """The files of one record."""

    name_typed = Signal(str, str)
    """(attachment id, what to call it)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[FileRow] = ()
        self._pictures: dict[str, QPixmap] = {}
        self._travelling: tuple[str, int, int] | None = None
        self.may_rename = True

    def show_rows(self, rows: Sequence[FileRow], pictures: Mapping[str, QImage]) -> None:
        """Show other files; a list that has the same ids keeps its place."""
        for sha256, image in pictures.items():
            self._pictures[sha256] = QPixmap.fromImage(image)
        if [row.id for row in rows] == [row.id for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_progress(self, sha256: str, done: int, total: int) -> None:
        """Show how far the content that travels is; '' for none."""
        before = self._travelling
        self._travelling = (sha256, done, total) if sha256 else None
        touched = {sha256, before[0] if before else ""}
        for place, row in enumerate(self.rows):
            if row.sha256 in touched:
                self.dataChanged.emit(self.index(place), self.index(place))

    def progress_of(self, row: FileRow) -> tuple[int, int] | None:
        """Return (done, total) where a row's content travels."""
        travelling = self._travelling
        if travelling is None or travelling[0] != row.sha256:
            return None
        return travelling[1], travelling[2] or row.size

    def picture_of(self, row: FileRow) -> QPixmap | None:
        """Return the small picture of a row."""
        return self._pictures.get(row.preview_sha256) if row.preview_sha256 else None

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many files there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a file, its name, or all that is said of it in one sentence."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.name
        words = state_words(row, self.progress_of(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.name, second_line(row), words) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(row.problem) if row.problem else words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let names be typed over where the role allows it."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.may_rename else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell of a name that was typed; it shows once it is saved."""
        row = self.rows[index.row()]
        name = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not name or name == row.name:
            return False
        self.name_typed.emit(row.id, name)
        return True


class FileList(Live, QListView):
    """Rows of a `FileModel`; F2 types another name."""

    opened = Signal(object)
    """The `FileRow` a person wants to see: Enter or a double click."""
    deleted = Signal()
    """The Delete key."""

    def __init__(self, model: FileModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_FileDelegate(self))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMouseTracking(True)
        self.doubleClicked.connect(self._open)
        self.retranslate()

    @property
    def files(self) -> FileModel:
        """The model."""
        model = self.model()
        assert isinstance(model, FileModel)
        return model

    @property
    def current(self) -> FileRow | None:
        """The file chosen."""
        row = self.currentIndex().data(ROW_ROLE)
        return row if isinstance(row, FileRow) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Enter, delete by Delete."""
        editing = self.state() == QAbstractItemView.State.EditingState
        if not editing and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
        elif not editing and event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are keys of the page."""

    def retranslate(self) -> None:
        """Name the list in the language on screen."""
        self.setAccessibleName(tr("Files"))
        self.viewport().update()

    def retint(self) -> None:
        """Measure anew."""
        self.scheduleDelayedItemsLayout()

    def _open(self, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, FileRow):
            self.opened.emit(row)


class _FileDelegate(QStyledItemDelegate):
    """Paints the rows."""

    def __init__(self, view: FileList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give every row the same height."""
        return QSize(max(self._view.viewport().width(), 1), theme().px(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint ground, picture, two lines and the state."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, FileRow):
            return
        painter.save()
        area: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        ground = "accent-soft" if selected else "hover" if hovered else "surface"
        painter.fillRect(area, theme().color(ground))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), theme().color("line"))
        self._picture(painter, row, self._picture_area(area))
        line = theme().line_height()
        name = self._name_area(area)
        paint.name(painter, row.name, theme().font("body", 600), "text", name)
        soft = theme().font("caption")
        below = QRect(name.left(), name.bottom() + 1, name.width(), line)
        said = second_line(row)
        if self._is_narrow(area) and row.state is not FileState.HERE:
            # Where it stands comes first: what does not fit is left out at the end.
            said = " · ".join((state_words(row, self._view.files.progress_of(row)), said))
        paint.words(painter, said, soft, "text-soft", below)
        self._state(painter, row, area)
        if self._view.hasFocus() and self._view.currentIndex().row() == index.row():
            paint.focus_frame(painter, area, RADII["chip"])
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Give a field for another name, with what comes before the ending selected."""
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr("File name"))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the present name."""
        assert isinstance(editor, QLineEdit)
        name = str(index.data(Qt.ItemDataRole.EditRole))
        editor.setText(name)
        stem, dot, _ending = name.rpartition(".")
        length = len(stem) if dot else len(name)
        QTimer.singleShot(0, editor, lambda: editor.setSelection(0, length))  # Qt selects all after this

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Hand over what was typed."""
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Put the field over the name."""
        height = editor.sizeHint().height()
        name = self._name_area(option.rect)
        top = option.rect.top() + (option.rect.height() - height) // 2
        editor.setGeometry(name.left() - theme().px(6), top, name.width(), height)

    def _is_narrow(self, area: QRect) -> bool:
        return area.width() < theme().px(_NARROW_BELOW)

    def _picture_area(self, area: QRect) -> QRect:
        side = theme().px(PICTURE)
        return QRect(area.left() + theme().px(8), area.top() + (area.height() - side) // 2, side, side)

    def _name_area(self, area: QRect) -> QRect:
        line = theme().line_height()
        left = self._picture_area(area).right() + 1 + theme().px(GAP)
        room = theme().px(30 if self._is_narrow(area) else _STATE_ROOM)
        top = area.top() + (area.height() - 2 * line) // 2
        return QRect(left, top, max(area.right() - room - left, 1), line)

    def _picture(self, painter: QPainter, row: FileRow, area: QRect) -> None:
        picture = self._view.files.picture_of(row)
        if picture is None:
            paint.rounded(painter, area, theme().color("hover"), None, RADII["chip"])
            side = theme().px(16)
            inner = QRect(area.center().x() - side // 2, area.top(), side, area.height())
            paint.icon(painter, "file", "text-soft", inner.left(), inner, 16)
            return
        ratio = painter.device().devicePixelRatioF()
        shown = picture.scaled(
            area.size() * ratio,
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        side = round(area.width() * ratio)
        cut = QRect((shown.width() - side) // 2, (shown.height() - side) // 2, side, side)
        painter.drawPixmap(area, shown, cut)
        paint.rounded(painter, area, None, theme().color("line"), RADII["chip"])

    def _state(self, painter: QPainter, row: FileRow, area: QRect) -> None:
        look = LOOKS[row.state]
        left = self._name_area(area).right() + theme().px(GAP)
        place = QRect(left, area.top(), max(area.right() - left - theme().px(8), 1), area.height())
        if look.icon:
            side = theme().px(14)
            paint.icon(painter, look.icon, look.color, place.right() - side, place, 14)
            place.setRight(place.right() - side - theme().px(8))
        if self._is_narrow(area):
            return
        words = state_words(row, self._view.files.progress_of(row))
        color = look.color if look.color in ("bad", "warn") else "text-soft"
        paint.words(painter, words, theme().font("caption"), color, place, _RIGHT)
