"""The card of files: what comes by itself, a pause, and how much room contents take here."""

from __future__ import annotations

from crm_core.i18n import message, plural
from crm_desktop.services import attachments
from crm_desktop.services.attachments import Kept
from crm_desktop.settings import FILES_AUTOMATIC_KB, FILES_PAUSED
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import NOTHING, figure, file_size
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_SIZES = (
    (0, message("Only when I ask")),
    (100, message("Small ones")),
    (1_000, message("Up to 1 MB")),
    (1_000_000, message("All")),
)
_GO, _REST = "go", "rest"


class FileRules(Card):
    """Takes effect at once; what a person asked for comes in any case."""

    def __init__(self, context: Context, label_width: int) -> None:
        super().__init__(message("Files"))
        self._context = context
        self._settings = context.app.settings
        self.automatic = SegmentedSwitch(
            [Segment(key=str(size), text=text) for size, text in _SIZES],
            name=message("Fetched without asking"),
            ticked=True,
        )
        self.pause = SegmentedSwitch(
            [Segment(key=_GO, text=message("Carry on")), Segment(key=_REST, text=message("Paused"))],
            name=message("Sending and fetching"),
            ticked=True,
        )
        self.kept = Fact(message("On this laptop"), NOTHING, label_width=label_width)
        self.waiting = Fact(message("Wait to be sent"), NOTHING, label_width=label_width)
        for fact in (self.kept, self.waiting):
            self.body.addWidget(fact)
        self.body.addWidget(
            Label(
                message("On a paid network only files you ask for are carried."), color="text-soft", wrap=True
            )
        )
        self.automatic.chosen.connect(self._on_size_chosen)
        self.pause.chosen.connect(self._on_pause_chosen)

    def refresh(self) -> None:
        """Show what is set, and ask how much there is."""
        self.automatic.choose(str(self._settings.get(FILES_AUTOMATIC_KB)))
        self.pause.choose(_REST if self._settings.get(FILES_PAUSED) else _GO)
        replica = self._context.replica
        self._context.tasks.read(self, lambda: attachments.kept(replica), self._on_known, topic="kept")

    def _on_known(self, kept: Kept) -> None:
        number = plural(kept.files, message("1 file"), message("{count} files", count=figure(kept.files)))
        self.kept.say(message("{count}, {size}", count=show(number), size=file_size(kept.size)))
        self.waiting.say(figure(kept.waiting))

    def _on_size_chosen(self, key: str) -> None:
        self._settings.set(FILES_AUTOMATIC_KB, int(key))
        self._wake()

    def _on_pause_chosen(self, key: str) -> None:
        self._settings.set(FILES_PAUSED, key == _REST)
        self._wake()

    def _wake(self) -> None:
        """Have the rule looked at: it is asked for after each round."""
        runner = self._context.app.runner
        if runner is not None:
            runner.sync_now()
