"""The customer's parts: columns of the list, the pane beside it, and the page that shows all of one."""
