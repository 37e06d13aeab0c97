"""What people call a template: its own name, or that of one that comes with the program."""

from __future__ import annotations

from crm_desktop.documents import template_records
from crm_desktop.ui.translate import show


def shown_name(name: str) -> str:
    """Return the name of a template in the language on screen."""
    if name in {each.name for each in template_records.shipped()}:
        return show(template_records.name_of_shipped(name))
    return name
