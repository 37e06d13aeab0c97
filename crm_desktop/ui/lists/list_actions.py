"""What can be done with the rows of a list, as actions of the program: keys, menu, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, Invalid
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Action as Right
from crm_core.rules.duplicates import COMPARED
from crm_core.schema.field import Plain
from crm_desktop.interchange import exporting
from crm_desktop.interchange.exporting import Beside
from crm_desktop.interchange.stopped import Stopped
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.records import Record
from crm_desktop.services import lists, records
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Notice
from crm_desktop.ui.duplicates.words import merge_place
from crm_desktop.ui.format import figure
from crm_desktop.ui.itemmodels.rows import Column, Row
from crm_desktop.ui.lists.columns_popup import ColumnsPopup
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.menus import Menu

if TYPE_CHECKING:
    from crm_desktop.ui.lists.record_list import RecordList

_KINDS = ("Excel (*.xlsx)", "CSV (*.csv)", "JSON (*.json)")
_CARDS = "vCard (*.vcf)"
"""File kinds, which have no other name in any language; the ending chosen says which."""


class ListActions(QObject):
    """The actions of one list."""

    def __init__(self, owner: RecordList, registry: ActionRegistry) -> None:
        super().__init__(owner)
        self._list, self._registry = owner, registry
        self._context = owner.context
        entity, table = owner.entity, owner.table
        group = SCHEMAS[entity].meta.plural

        def spec(
            key: str, text: str, shortcut: str, icon: str = "", right: Right | None = None
        ) -> ActionSpec:
            return ActionSpec(
                id=f"{owner.name}.{key}",
                text=text,
                group=group,
                icon=icon,
                shortcut=shortcut,
                right=None if right is None else (right, entity),
            )

        registry.add(spec("filter", N_("Filter this view"), "Ctrl+F", "search"), self._filter, owner)
        if owner.pane is not None:
            registry.add(spec("details", N_("Details"), "F4", "pane"), owner.toggle_pane, owner)
        registry.add(spec("edit", N_("Edit cell"), "F2", "pen", Right.EDIT), self.edit, table)
        registry.add(
            spec("bulk", N_("Change selected…"), "Shift+F2", "pen", Right.EDIT), owner.bulk.open_bar, table
        )
        registry.add(spec("delete", N_("Delete"), "Del", "trash", Right.DELETE), self.delete, table)
        registry.add(spec("export", N_("Export"), "Ctrl+E", "dl", Right.EXPORT), self.export, owner)
        table.cell_edited.connect(self._on_cell_edited)
        table.edit_failed.connect(self._context.show_error)
        table.menu_asked.connect(self.open_menu)
        table.head_menu_asked.connect(self.open_columns)
        owner.bar.columns_asked.connect(self._on_columns_asked)

    def edit(self) -> None:
        """Open the editor in the current cell."""
        self._list.table.edit_current()

    def delete(self) -> None:
        """Delete what is selected, or the current row; with Undo."""
        self._change_life(restore=False)

    def restore(self) -> None:
        """Bring what is selected in the bin back."""
        self._change_life(restore=True)

    def export(self) -> None:
        """Ask for a file and write what is selected to it; without a selection the whole list."""
        settings = self._context.app.settings
        folder = Path(settings.get(EXPORT_FOLDER) or Path.home())
        name = tr(SCHEMAS[self._list.entity].meta.plural)
        kinds = (*_KINDS, _CARDS) if self._list.entity in exporting.CARD_ENTITIES else _KINDS
        offered = folder / f"{name}.xlsx"
        chosen, kind = QFileDialog.getSaveFileName(self._list, tr("Export"), str(offered), ";;".join(kinds))
        if chosen:
            self.export_to(_with_ending(Path(chosen), kind, offered))

    def export_to(self, path: Path) -> None:
        """Write what is selected, or the whole list, to a file."""
        query, ids = self._list.selected_query()
        if ids:
            query = replace(query, conditions=(*query.conditions, _among(ids)))
        columns = [self._list.all_columns()[key] for key in self._list.column_keys()]
        if path.suffix.lower() != ".vcf":  # what stands on an address card is not chosen here
            query = replace(query, fields=tuple(c.field.name for c in columns if c.field is not None))
        replica, settings = self._context.replica, self._context.app.settings
        beside = self._beside(columns)

        def write(job: Job) -> int:
            number = exporting.export_rows(replica, query, path, tr, job.step, job.is_cancelled, beside)
            settings.set(EXPORT_FOLDER, str(path.parent))
            return number

        def written(number: int) -> None:
            text = plural(
                number,
                message("1 row written to {file}", file=path.name),
                message("{count} rows written to {file}", count=figure(number), file=path.name),
            )
            self._context.notice.emit(Notice(kind="good", text=text, seconds=10))

        def failed(error: CrmError) -> None:
            kind = "info" if isinstance(error, Stopped) else "bad"
            self._context.notice.emit(Notice(kind=kind, text=error.message))

        text = message("Exporting to {file}", file=path.name)
        self._context.tasks.run(self._list, text, write, written, failed)

    def _beside(self, columns: Sequence[Column]) -> Beside | None:
        """Return the columns shown that are no field of the record, as a file takes them."""
        extras, replica = self._list.model.extras, self._context.replica
        chosen = [(place, column) for place, column in enumerate(columns) if column.field is None]
        if extras is None or not chosen:
            return None

        def read(some: Sequence[Record]) -> Mapping[str, Sequence[str]]:
            found = extras(replica, [record.id for record in some])
            rows = [Row(record=record, titles={}, extra=found.get(record.id)) for record in some]
            return {row.id: [column.cell(row).text for _, column in chosen] for row in rows}

        return Beside(columns=[(c.key, show(c.title), place) for place, c in chosen], read=read)

    def open_menu(self, at: QPoint) -> Menu | None:
        """Show what can be done with the rows selected, and return the menu."""
        row = self._list.current_row()
        setup = self._list.setup
        if row is None or setup is None:
            return None
        menu = Menu(self._list)
        if self._list.view.deleted:
            if setup.may_delete:
                menu.add(tr("Restore"), "undo").triggered.connect(self.restore)
        else:
            opens = menu.add(tr("Show"), "right", "Return")
            opens.triggered.connect(lambda: self._list.opened.emit(row.id))
            if any(column.editable for column in self._list.model.columns):
                menu.add(tr("Edit cell"), "pen", "F2").triggered.connect(self.edit)
            if any(shown.writable for shown in setup.fields):
                many = menu.add(tr("Change selected…"), "pen", "Shift+F2")
                many.triggered.connect(self._list.bulk.open_bar)
            self._add_further(menu)
        index = self._list.table.currentIndex()
        words = str(index.data() or "")
        if words:
            copy = menu.add(tr("Copy “{words}”", words=words), "file")
            copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(words))
        if setup.may_export:
            menu.add(tr("Export"), "dl", "Ctrl+E").triggered.connect(self.export)
        ids = self._list.selected_query()[1] or ()
        if (
            setup.may_delete
            and len(ids) > 1
            and self._list.entity in COMPARED
            and not self._list.view.deleted
        ):
            merge = menu.add(tr("Merge {count}…", count=len(ids)), "compare")
            merge.triggered.connect(lambda: self._context.go.emit(merge_place(self._list.entity, ids)))
        if setup.may_delete and not self._list.view.deleted:
            menu.addSeparator()
            menu.add(tr("Delete"), "trash", "Del").triggered.connect(self.delete)
        menu.popup(at)
        return menu

    def _add_further(self, menu: Menu) -> None:
        """Offer what the page does with rows beside what every list does."""
        specs = {spec.id: spec for spec in self._registry.specs()}
        for action_id in self._list.row_actions():
            spec, action = specs[action_id], self._registry.action(action_id)
            if action.isEnabled():
                menu.add(tr(spec.text), spec.icon, spec.shortcut).triggered.connect(action.trigger)

    def open_columns(self, at: QPoint) -> Menu:
        """Show which columns there are, and return the menu; a tick shows or hides one."""
        menu = Menu(self._list)
        shown = self._list.column_keys()
        for key, column in self._list.all_columns().items():
            if column.fixed:
                continue
            head = (
                column.title
                if isinstance(column.title, str)
                else tr(column.title.text, **column.title.places)
            )
            action = menu.add(head)
            action.setCheckable(True)
            action.setChecked(key in shown)
            action.setEnabled(not column.stretch)
            action.triggered.connect(lambda checked, key=key: self._toggle_column(key, checked))
        menu.addSeparator()
        usual = menu.add(tr("Usual columns"))
        usual.triggered.connect(lambda: self._list.show_column_keys(()))
        menu.popup(at)
        return menu

    def _filter(self) -> None:
        self._list.bar.search.setFocus()
        self._list.bar.search.selectAll()

    def _toggle_column(self, key: str, shown: bool) -> None:
        keys = [present for present in self._list.column_keys() if present != key]
        self._list.show_column_keys([*keys, key] if shown else keys)

    def _on_columns_asked(self) -> None:
        self.arrange_columns()

    def arrange_columns(self) -> ColumnsPopup:
        """Show which columns there are, to tick, move, size and sort by, and return the popup."""
        owner = self._list
        popup = ColumnsPopup(owner.all_columns(), owner)

        def follow() -> None:
            popup.show_columns(owner.column_keys(), owner.query.sort[0] if owner.query.sort else None)

        def choose(keys: Sequence[str]) -> None:
            owner.show_column_keys(keys)
            follow()

        def sort(field: str) -> None:
            owner.table.sort_asked.emit(field)
            follow()

        popup.shown.connect(choose)
        popup.sort_asked.connect(sort)
        popup.sized.connect(owner.table.widen)
        follow()
        popup.open_below(owner.bar.columns_button)
        return popup

    def _on_cell_edited(self, row: Row, changes: dict[str, Plain]) -> None:
        replica, entity, record_id = self._context.replica, self._list.entity, row.id
        before = {name: row.record.values.get(name) for name in changes}
        name = next(iter(changes))
        column = self._list.all_columns().get(name)
        label = column.field.label if column is not None and column.field is not None else name

        def failed(error: CrmError) -> None:
            problems = error.problems if isinstance(error, Invalid) else ()
            said = next((each.message for each in problems if each.field == name), error.message)
            self._list.table.show_problem(record_id, name, said)
            self._context.show_error(error)

        self._context.change(
            self._list,
            lambda: records.update(replica, entity, record_id, changes, before),
            failed=failed,
            told=message("{field} of “{title}” saved", field=Message(label), title=row.record.title),
            undo=lambda: records.update(replica, entity, record_id, before, restores=True),
        )

    def _change_life(self, *, restore: bool) -> None:
        query, ids = self._list.selected_query()
        current = self._list.current_row()
        if ids is not None and not ids:
            ids = (current.id,) if current is not None else ()
        if ids is not None and not ids:
            return
        if self._list.view.deleted is not restore:
            return
        replica, entity = self._context.replica, self._list.entity
        title = current.record.title if current is not None and ids == (current.id,) else None
        change, back = (
            (lists.restore_all, lists.delete_all) if restore else (lists.delete_all, lists.restore_all)
        )
        done: list[str] = []

        def told(changed: tuple[str, ...]) -> None:
            done.extend(changed)
            self._context.notice.emit(self._said(len(changed), title, restore, undo))

        def undo() -> None:
            self._context.change(self._list, lambda: back(replica, entity, tuple(done)))

        self._context.change(
            self._list,
            lambda: change(replica, entity, lists.all_ids(replica, query) if ids is None else ids),
            told,
            self._on_refused,
        )

    def _said(self, number: int, title: str | None, restore: bool, undo: Callable[[], None]) -> Notice:
        if title is not None:
            text = (
                message("“{title}” restored", title=title)
                if restore
                else message("“{title}” deleted", title=title)
            )
        else:
            text = (
                message("{count} restored", count=figure(number))
                if restore
                else message("{count} deleted", count=figure(number))
            )
        return Notice(kind="good", text=text, action=message("Undo"), act=undo, seconds=10)

    def _on_refused(self, error: CrmError) -> None:
        self._context.show_error(error)


def _with_ending(path: Path, kind: str, offered: Path) -> Path:
    """Return the path with the ending typed; where none was, with that of the kind chosen."""
    ending = kind.rpartition("*")[2].rstrip(")")
    if path == offered and ending:
        return path.with_suffix(ending)
    known = path.suffix.lower() in exporting.ENDINGS
    return path if known else path.with_name(path.name + (ending or offered.suffix))


def _among(ids: tuple[str, ...]) -> Condition:
    return Condition(field="id", op=Op.IN, value=ids)
