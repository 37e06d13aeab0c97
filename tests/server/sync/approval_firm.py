"""A firm in which quotes are approved: who sells, who leads, and quotes to ask about."""

from __future__ import annotations

from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.rules import approval
from crm_core.rules.approval import Step
from crm_core.schema.field import Plain
from crm_core.sync.protocol import Code, OpKind
from tests.support.hq import Laptop, Office

STATUS = {name: SCHEMAS[name].fields["status"].no for name in ("quote", "approval_request")}


def step(**said: Any) -> dict[str, Any]:
    """Return a step as a flow keeps it."""
    return approval.plain_step(Step(**said))


def below_list(percent: str) -> dict[str, Plain]:
    """Return the condition that a quote is so far below list price, as a flow keeps it."""
    return {"field": "below_list", "op": ">=", "kind": "decimal", "value": percent}


class ApprovalFirm:
    """Eve sells in the team Lin leads; Bo is in no team of theirs; a pump costs 1000.00 by the list."""

    def __init__(self, office: Office) -> None:
        create = office.hq.create
        self.office = office
        self.lin_id = office.user("Lin", "sales_manager")
        self.team = create("team", {"name": "North", "manager_id": self.lin_id})
        self.eve_id = office.user("Eve", "sales", team_id=self.team)
        self.bo_id = office.user("Bo", "sales")
        self.customer = create("customer", {"name": "Acme", "owner_id": self.eve_id})
        self.pump = create(
            "product", {"name": "Pump", "family": "pumps", "list_price": 100_000, "currency": "CNY"}
        )
        self.eve, self.lin, self.bo = map(office.laptop, (self.eve_id, self.lin_id, self.bo_id))
        self.sync()

    def sync(self) -> None:
        """Let everybody hear of everything."""
        for laptop in (self.eve, self.lin, self.bo):
            laptop.sync()

    def flow(self, *steps: dict[str, Any], **said: Any) -> str:
        """Set up a flow; without steps it asks the superior."""
        values = {"name": "Discounts", "steps": list(steps) or [step()], **said}
        return self.office.hq.create("approval_flow", values)

    def quote(self, less: str = "0", laptop: Laptop | None = None, price: int = 100_000) -> tuple[str, str]:
        """Make a quote of one pump less so many percent on a laptop; return it and its line."""
        laptop = laptop or self.eve
        quote = laptop.create(
            "quote", {"customer_id": self.customer, "currency": "CNY", "valid_until": "2030-01-01"}
        )
        line = {"quote_id": quote, "product_id": self.pump, "description": "Pump", "quantity": "1"}
        line |= {"unit_price": price, "currency": "CNY", "discount_percent": less}
        return quote, laptop.create("quote_line", line)

    def command(self, laptop: Laptop, entity: str, record_id: str, name: str, seen: str, **given: Any) -> int:
        """Take a step by hand; return the operation's number."""
        fields = [SCHEMAS[entity].fields[each].no for each in given]
        value = [name, seen, [fields, list(given.values())]]
        return laptop.do(OpKind.COMMAND, entity, record_id, STATUS[entity], value)

    def ask(self, quote: str, laptop: Laptop | None = None) -> str:
        """Ask for approval of a quote as the program does; return the request."""
        laptop = laptop or self.eve
        request = laptop.create(
            "approval_request", {"record_entity": "quote", "record_id": quote, "subject": "Quote"}
        )
        asked = self.command(laptop, "quote", quote, "ask", "draft")
        laptop.sync()
        assert laptop.code(asked) is Code.APPLIED
        return request

    def decide(self, laptop: Laptop, request: str, verdict: str, **said: Any) -> int:
        """Decide on a laptop; return the operation's number. Nothing is sent."""
        values = {"request_id": request, "verdict": verdict, "comment": "Because", "round": 0, "step": 0}
        laptop.create("approval_decision", {**values, **said})
        return laptop.last_op

    def answer(self, laptop: Laptop, number: int) -> Code:
        """Send what a laptop has and return HQ's answer to one operation."""
        laptop.sync()
        return laptop.code(number)

    def state(self, quote: str) -> str:
        """Return where a quote stands at HQ."""
        return str(self.office.row("quote", quote)["status"])

    def why(self, laptop: Laptop, number: int) -> str:
        """Return the reason HQ gave for refusing an operation."""
        return str(laptop.answers[number].extra[0])
