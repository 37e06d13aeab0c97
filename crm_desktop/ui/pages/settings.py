"""Settings: language, looks, sync, the data on this laptop, its passphrase, and what the program is."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import PySide6
from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop.platform.paths import APP_NAME
from crm_desktop.services import syncing, upkeep
from crm_desktop.services.syncing import SyncStatus
from crm_desktop.settings import DENSITY, FONT_SCALE, LANGUAGE, THEME
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import RESTORE, Context, Notice, Place
from crm_desktop.ui.dressing import LANGUAGES, dress
from crm_desktop.ui.format import NOTHING, near_moment, percent
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settings.compare_button import CompareButton
from crm_desktop.ui.settings.file_rules import FileRules
from crm_desktop.ui.settings.licences import Licences
from crm_desktop.ui.settings.passphrase import ChangePassphrase
from crm_desktop.ui.settings.reminder_rules import ReminderRules
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import Fact, SearchField
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

CONTENT_WIDTH = 760
LABEL_WIDTH = 200


class SettingsPage(Page):
    """Cards under one another; typing in the search box leaves those that hold the words."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._settings = context.app.settings
        self._known: SyncStatus | None = None
        self.search = SearchField(message("Search settings"))
        self.search.setMaximumWidth(theme().px(260))
        self.search.textChanged.connect(self._narrow)
        self.language = SegmentedSwitch(
            [Segment(key="", text=message("As the system")), *(_language(key) for key, _ in LANGUAGES)],
            name=message("Language"),
            ticked=True,
        )
        self.look = SegmentedSwitch(
            [
                Segment(key="system", text=message("As the system")),
                Segment(key="light", text=message("Light")),
                Segment(key="dark", text=message("Dark")),
            ],
            name=message("Colours"),
            ticked=True,
        )
        self.scale = QComboBox()
        self.density = SegmentedSwitch(
            [
                Segment(key="comfortable", text=message("Comfortable")),
                Segment(key="compact", text=message("Compact")),
            ],
            name=message("Rows"),
            ticked=True,
        )
        self._cards = self._make_cards()
        self._lay_out()
        self.language.chosen.connect(self._on_language_chosen)
        self.look.chosen.connect(self._on_look_chosen)
        self.scale.activated.connect(self._on_scale_chosen)
        self.density.chosen.connect(lambda key: self._settings.set(DENSITY, key))
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Show what is set."""
        self.language.choose(self._settings.get(LANGUAGE))
        self.look.choose(self._settings.get(THEME))
        self.density.choose(self._settings.get(DENSITY))
        self.scale.setCurrentIndex(self.scale.findData(self._settings.get(FONT_SCALE)))
        self.refresh()

    def refresh(self) -> None:
        """Ask how it stands with HQ and when the last copy was made."""
        self.files.refresh()
        self.reminders.refresh()
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: (syncing.status(replica), upkeep.newest_backup(replica)),
            self._on_known,
            topic="known",
        )

    def retranslate(self) -> None:
        """Fill what holds words of its own."""
        self.setAccessibleName(tr("Settings"))
        chosen = self._settings.get(FONT_SCALE)
        self.scale.clear()
        for step in FONT_SCALE.allowed:
            self.scale.addItem(percent(step), step)
        self.scale.setCurrentIndex(self.scale.findData(chosen))
        self.scale.setAccessibleName(tr("Size of text"))

    def _make_cards(self) -> list[Card]:
        general, looks = Card(message("General")), Card(message("Appearance"))
        _row(general, message("Language"), self.language)
        _row(looks, message("Colours"), self.look)
        _row(looks, message("Size of text"), self.scale)
        _row(looks, message("Rows"), self.density)
        self.files = FileRules(self.context, LABEL_WIDTH)
        _row(self.files, message("Fetched without asking"), self.files.automatic)
        _row(self.files, message("Sending and fetching"), self.files.pause)
        self._fields = self._fields_card()
        cards = [
            general,
            looks,
            self._fields,
            self._tags_card(),
            self._pipelines_card(),
            self._prices_card(),
            self._leads_card(),
            self._service_card(),
            self._approvals_card(),
            self._pool_card(),
            self._templates_card(),
            self._reminders_card(),
            self._sync_card(),
            self.files,
            self._data_card(),
        ]
        if self.context.app.passphrase_file is not None:
            cards.append(self._security_card())
        return [*cards, self._about_card()]

    def _fields_card(self) -> Card:
        card = Card(message("Custom fields"))
        card.body.addWidget(
            Label(
                message("Fields your company added to customers, deals and other records."),
                color="text-soft",
                wrap=True,
            )
        )
        self.fields_button = Button(message("Custom fields…"), Kind.STANDARD, icon="sliders")
        self.fields_button.clicked.connect(lambda: self.context.go.emit(Place(page="fields")))
        _buttons(card, self.fields_button)
        return card

    def _tags_card(self) -> Card:
        card = Card(message("Tags"))
        said = message("Their colours, and how many customers carry each.")
        card.body.addWidget(Label(said, color="text-soft", wrap=True))
        self.tags_button = Button(message("Tags…"), Kind.STANDARD, icon="tag")
        self.tags_button.clicked.connect(lambda: self.context.go.emit(Place(page="tags")))
        _buttons(card, self.tags_button)
        return card

    def _pool_card(self) -> Card:
        card = Card(message("Public pool"))
        said = message("When customers return to the pool, and how many one may take.")
        card.body.addWidget(Label(said, color="text-soft", wrap=True))
        self.pool_button = Button(message("Pool rules…"), Kind.STANDARD, icon="filter")
        self.pool_button.clicked.connect(lambda: self.context.go.emit(Place(page="pool_rules")))
        _buttons(card, self.pool_button)
        return card

    def _templates_card(self) -> Card:
        card = Card(message("Document templates"))
        said = message("What quotes, proposals and mails say, in your own words.")
        card.body.addWidget(Label(said, color="text-soft", wrap=True))
        self.templates_button = Button(message("Document templates…"), Kind.STANDARD, icon="file")
        to = Place(page="document_templates")
        self.templates_button.clicked.connect(lambda: self.context.go.emit(to))
        _buttons(card, self.templates_button)
        return card

    def _reminders_card(self) -> Card:
        self.reminders = ReminderRules(self.context)
        _row(self.reminders, message("Reminded"), self.reminders.lead)
        _row(self.reminders, message("By the system"), self.reminders.system)
        return self.reminders

    def _pipelines_card(self) -> Card:
        card = Card(message("How deals go"))
        said = message("Pipelines, their stages and what these ask for, milestones, competitors and targets.")
        card.body.addWidget(Label(said, color="text-soft", wrap=True))
        self.selling_buttons = {
            page: Button(words, Kind.STANDARD, small=True)
            for page, words in (
                ("pipelines", message("Pipelines…")),
                ("stages", message("Stages…")),
                ("conditions", message("Conditions…")),
                ("milestones", message("Milestones…")),
                ("competitors", message("Competitors…")),
                ("targets", message("Targets…")),
                ("value_rules", message("Customer value…")),
                ("target_plan", message("Plan a year…")),
            )
        }
        for page, button in self.selling_buttons.items():
            button.clicked.connect(lambda _checked=False, to=page: self.context.go.emit(Place(page=to)))
        _buttons(card, *self.selling_buttons.values())
        return card

    def _prices_card(self) -> Card:
        return self._way_card(
            message("What things cost"),
            message(
                "Price books for customers and levels, classes of tax, exchange rates, "
                "and usual payment plans."
            ),
            ("price_books", message("Price books…")),
            ("tax_classes", message("Tax classes…")),
            ("exchange_rates", message("Exchange rates…")),
            ("plan_templates", message("Plan templates…")),
        )

    def _approvals_card(self) -> Card:
        return self._way_card(
            message("Approvals"),
            message("Who must approve what, how far discounts go without, and who stands in for whom."),
            ("approval_flows", message("Approval flows…")),
            ("mandates", message("Discount mandates…")),
            ("absences", message("Absences…")),
        )

    def _leads_card(self) -> Card:
        return self._way_card(
            message("How leads come and go"),
            message("Forms people outside fill in, to whom leads go, and what makes one likely to buy."),
            ("capture_forms", message("Capture forms…")),
            ("assignment_rules", message("Assignment rules…")),
            ("scoring_rules", message("Scoring rules…")),
            ("campaigns", message("Campaigns…")),
        )

    def _service_card(self) -> Card:
        return self._way_card(
            message("Service"),
            message("When people work, what customers are promised, what tickets are about."),
            ("work_calendars", message("Work calendars…")),
            ("sla_policies", message("Service levels…")),
            ("ticket_categories", message("Ticket categories…")),
            ("macros", message("Macros…")),
            ("assignment_rules", message("Assignment rules…")),
            ("surveys", message("Surveys…")),
            ("feedback_rules", message("Rules about feedback…")),
            ("barred_senders", message("Barred senders…")),
            ("request_forms", message("Request forms…")),
        )

    def _way_card(self, title: Message, said: Message, *pages: tuple[str, Message]) -> Card:
        """Return a card whose buttons lead to pages, each named by its id."""
        card = Card(title)
        card.body.addWidget(Label(said, color="text-soft", wrap=True))
        buttons = []
        for page, words in pages:
            button = Button(words, Kind.STANDARD, small=True)
            button.clicked.connect(lambda _checked=False, to=page: self.context.go.emit(Place(page=to)))
            buttons.append(button)
        _buttons(card, *buttons)
        return card

    def _sync_card(self) -> Card:
        card = Card(message("Sync"))
        self._server = Fact(message("Head office"), NOTHING, label_width=LABEL_WIDTH)
        self._interval = Fact(message("Sync every"), NOTHING, label_width=LABEL_WIDTH)
        self._last = Fact(message("Last good sync"), NOTHING, label_width=LABEL_WIDTH)
        for fact in (self._server, self._interval, self._last):
            card.body.addWidget(fact)
        now = Button(message("Sync now"), Kind.STANDARD, icon="sync", hint="F9")
        now.clicked.connect(lambda: self.actions_of_program.action("frame.sync").trigger())
        centre = Button(message("Sync centre"), Kind.FLAT)
        centre.clicked.connect(lambda: self.context.go.emit(Place(page="sync", options={"tab": "overview"})))
        _buttons(card, now, centre)
        return card

    def _data_card(self) -> Card:
        card = Card(message("Data"))
        folder = self.context.app.profile.root
        card.body.addWidget(Fact(message("Folder of the profile"), str(folder), label_width=LABEL_WIDTH))
        self._backup = Fact(message("Newest copy"), NOTHING, label_width=LABEL_WIDTH)
        card.body.addWidget(self._backup)
        self.back_up = Button(message("Back up now"), Kind.STANDARD, icon="dl")
        self.back_up.clicked.connect(self._on_back_up)
        self.check = Button(message("Check the database"), Kind.STANDARD, icon="shield")
        self.check.clicked.connect(self._on_check)
        self.compare = CompareButton(self.context)
        show_folder = Button(message("Open the folder"), Kind.FLAT)
        show_folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))
        self.restore = Button(RESTORE, Kind.STANDARD, icon="undo")
        self.restore.clicked.connect(self.context.restore_wanted)
        _buttons(card, self.back_up, self.restore)
        _buttons(card, self.check, self.compare, show_folder)
        return card

    def _security_card(self) -> Card:
        card = Card(message("Security"))
        card.body.addWidget(
            Label(
                message("A passphrase guards this profile: this computer has no key store."),
                color="text-soft",
                wrap=True,
            )
        )
        change = Button(message("Change the passphrase…"), Kind.STANDARD, icon="key")
        change.clicked.connect(lambda: ChangePassphrase(self.context, self.window()).open())
        _buttons(card, change)
        return card

    def _about_card(self) -> Card:
        card = Card(message("About"))
        for label, value in (
            (message("Satchel"), metadata.version("satchel")),
            (message("Python"), platform.python_version()),
            (message("Qt"), PySide6.__version__),
            (message("System"), platform.platform(terse=True)),
        ):
            card.body.addWidget(Fact(label, value, label_width=LABEL_WIDTH))
        card.body.addWidget(
            Label(
                message("Free software under the MIT licence. Qt is used under the LGPL, version 3."),
                color="text-soft",
                wrap=True,
            )
        )
        licences = Button(message("Licences…"), Kind.STANDARD)
        licences.clicked.connect(lambda: Licences(self.window()).open())
        copy = Button(message("Copy for support"), Kind.FLAT)
        copy.clicked.connect(self._on_copy)
        _buttons(card, licences, copy)
        return card

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setContentsMargins(margin, theme().px(12), margin, theme().px(12))
        head.addWidget(Label(message("Settings"), step="title"))
        head.addStretch(1)
        head.addWidget(self.search, 1)
        inner = QWidget()
        cards = QVBoxLayout()
        cards.setSpacing(theme().px(L))
        for card in self._cards:
            card.setMaximumWidth(theme().px(CONTENT_WIDTH))
            cards.addWidget(card)
        cards.addStretch(1)
        row = QHBoxLayout(inner)
        row.setContentsMargins(margin, 0, margin, margin)
        row.addLayout(cards, 10)
        row.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what has the focus within is always in sight
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(area, 1)

    def _narrow(self, text: str) -> None:
        wanted = text.strip().casefold()
        for card in self._cards:
            words = [label.text() for label in card.findChildren(Label)]
            words += [button.text() for button in card.findChildren(Button)]
            card.setVisible(not wanted or any(wanted in each.casefold() for each in words))

    def _on_known(self, known: tuple[SyncStatus, Path | None]) -> None:
        status, newest = known
        self._known = status
        self.compare.setVisible(status.enrolled)
        self._server.say(status.server or message("Not connected to an HQ"))
        self._interval.say(message("{seconds} s, as HQ sets it", seconds=status.interval_s))
        self._last.say(near_moment(moment(status.last_ok_ms)) if status.last_ok_ms else NOTHING)
        self._backup.say(
            near_moment(moment(int(newest.stat().st_mtime * 1000)))
            if newest is not None
            else message("none yet")
        )

    def _on_language_chosen(self, key: str) -> None:
        self._settings.set(LANGUAGE, key)
        self._dress()

    def _on_look_chosen(self, key: str) -> None:
        self._settings.set(THEME, key)
        self._dress()

    def _on_scale_chosen(self) -> None:
        self._settings.set(FONT_SCALE, self.scale.currentData())
        self._dress()

    def _dress(self) -> None:
        qapp = QApplication.instance()
        if isinstance(qapp, QApplication):
            dress(qapp, self._settings)

    def _on_back_up(self) -> None:
        replica = self.context.replica
        self._run(
            self.back_up,
            lambda: upkeep.back_up_now(replica),
            lambda copy: self._tell_done(message("Copied to {file}", file=copy.name)),
        )

    def _on_check(self) -> None:
        replica = self.context.replica

        def tell(found: list[str]) -> None:
            if found:
                self.context.tell_of_damage(message("The database is damaged: {first}", first=found[0]))
            else:
                self._tell_done(message("The database was checked: all is well."))

        self._run(self.check, lambda: upkeep.check(replica), tell)

    def _tell_done(self, told: Message) -> None:
        self.context.notice.emit(Notice(kind="good", text=told, seconds=20))

    def _run(self, button: Button, work: Callable[[], object], tell: Callable[..., None]) -> None:
        button.setEnabled(False)

        def done(outcome: object) -> None:
            button.setEnabled(True)
            tell(outcome)
            self.refresh()

        def failed(error: CrmError) -> None:
            button.setEnabled(True)
            self.context.show_error(error)

        self.context.tasks.read(self, work, done, failed)

    def _on_copy(self) -> None:
        known = self._known
        lines = [
            f"{APP_NAME} {metadata.version('satchel')}, {platform.platform()}",
            f"Python {platform.python_version()}, Qt {PySide6.__version__}",
            f"HQ: {known.server or '-'}, device {known.device}, waiting {known.waiting_records},"
            f" returned {known.returned}, last {known.last_ok_ms}"
            if known
            else "",
        ]
        QApplication.clipboard().setText("\n".join(filter(None, lines)))
        self.context.notice.emit(Notice(kind="good", text=message("Copied"), seconds=5))


def _language(key: str) -> Segment:
    return Segment(key=key, text=dict(LANGUAGES)[key])


class _RowLabel(Label):
    """As wide as the others of its column, at any size of text."""

    def sizeHint(self) -> QSize:
        """Ask for the width of the column, or for more where the words need it."""
        hint = super().sizeHint()
        return hint.expandedTo(QSize(theme().px(LABEL_WIDTH), hint.height()))


def _row(card: Card, label: Message, control: QWidget) -> None:
    row = QHBoxLayout()
    row.setSpacing(theme().px(L))
    name = _RowLabel(label, color="text-soft")
    name.setBuddy(control)
    row.addWidget(name)
    row.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
    row.addStretch(1)
    card.body.addLayout(row)


def _buttons(card: Card, *buttons: Button) -> None:
    row = FlowLayout(gap=theme().px(S), line_gap=theme().px(S))
    for button in buttons:
        row.addWidget(button)
    card.body.addSpacing(theme().px(4))
    card.body.addLayout(row)
