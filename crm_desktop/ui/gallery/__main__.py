"""`python -m crm_desktop.ui.gallery OUT.png`."""

from crm_desktop.ui.gallery.sheet import main

main()
