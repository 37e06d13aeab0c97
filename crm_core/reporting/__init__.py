"""Reports counted: a `crm_core.rules.reports.Report` as SQLAlchemy Core, and what comes out as a table.

The same on the laptop and at HQ; only the `Source` differs, which gives the records somebody may see. No text
of a report becomes SQL: names are looked up among the declared fields, values are bound.
"""
