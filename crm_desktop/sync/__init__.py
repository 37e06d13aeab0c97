"""One round with HQ: push what was made here, pull what may be seen. No Qt, no sleeping."""
