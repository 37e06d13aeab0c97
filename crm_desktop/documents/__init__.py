"""Documents as pages of plain marks, drawn to PDF at the very end. No Qt and no database.

Importing this package, `quote_document` or `quote_pdf` costs start-up nothing: reportlab is imported
when the first document is drawn.
"""
