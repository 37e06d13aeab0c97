"""The conditions of lists, as `crm_core.rules.conditions` declares them."""

from crm_core.rules.conditions import (
    ORDERED,
    PARTIAL_KINDS,
    Condition,
    Op,
    Value,
    demand_fitting,
    parse_condition,
)

__all__ = ["ORDERED", "PARTIAL_KINDS", "Condition", "Op", "Value", "demand_fitting", "parse_condition"]
