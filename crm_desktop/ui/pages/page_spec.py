"""What a page of the window is declared as; it is imported when somebody first opens it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpec:
    """A page of the window. `factory` is `module:class` under `crm_desktop.ui.pages`."""

    id: str
    text: str
    icon: str
    factory: str
    shortcut: str = ""
    entity: str | None = None
    """Shown only to whoever may read this kind of record."""
    more: bool = False
    """Stands below the line."""
    in_rail: bool = True

    @property
    def module(self) -> str:
        """The module the page is in."""
        return f"crm_desktop.ui.pages.{self.factory.split(':')[0]}"

    def make(self, context: Context, actions: ActionRegistry) -> Page:
        """Import the page and return a new one."""
        name = self.factory.split(":")[1]
        page_class: type[Page] = getattr(importlib.import_module(self.module), name)
        return page_class(context, actions)
