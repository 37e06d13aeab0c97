"""What lists say of each kind of record: counts, empty states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Reach
from crm_desktop.ui.format import figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWords:
    """English sources, marked here, shown through the translator."""

    counted: str
    one: str
    none_yet: str
    first: str
    new: str


_WORDS: Mapping[str, ListWords] = {
    "customer": ListWords(
        counted=N_("{count} customers"),
        one=N_("1 customer"),
        none_yet=N_("No customers yet"),
        first=N_("Add one by hand; it is saved on this laptop at once."),
        new=N_("New customer"),
    ),
    "contact": ListWords(
        counted=N_("{count} contacts"),
        one=N_("1 contact"),
        none_yet=N_("No contacts yet"),
        first=N_("Add the people you talk to."),
        new=N_("New contact"),
    ),
    "point_entry": ListWords(
        counted=N_("{count} points entries"),
        one=N_("1 points entry"),
        none_yet=N_("No points yet"),
        first=N_("Points are earned and spent; each entry stays as it was written."),
        new=N_("New points entry"),
    ),
    "approval_flow": ListWords(
        counted=N_("{count} approval flows"),
        one=N_("1 approval flow"),
        none_yet=N_("No approval flows yet"),
        first=N_("Say which quotes must be approved, and by whom. Without a flow nobody is asked."),
        new=N_("New approval flow"),
    ),
    "mandate": ListWords(
        counted=N_("{count} discount mandates"),
        one=N_("1 discount mandate"),
        none_yet=N_("No discount mandates yet"),
        first=N_("Say how far below list price a role may sell by itself; beyond it approval is asked for."),
        new=N_("New discount mandate"),
    ),
    "absence": ListWords(
        counted=N_("{count} absences"),
        one=N_("1 absence"),
        none_yet=N_("No absences yet"),
        first=N_("Say when you are away and who decides for you meanwhile."),
        new=N_("New absence"),
    ),
    "instalment": ListWords(
        counted=N_("{count} instalments"),
        one=N_("1 instalment"),
        none_yet=N_("No instalments yet"),
        first=N_("Plan what is due when at an order or contract; what is agreed is collected here."),
        new=N_("New instalment"),
    ),
    "receipt": ListWords(
        counted=N_("{count} receipts"),
        one=N_("1 receipt"),
        none_yet=N_("No receipts yet"),
        first=N_("Write down money that came; finance posts it and says what it was for."),
        new=N_("New receipt"),
    ),
    "invoice": ListWords(
        counted=N_("{count} invoices"),
        one=N_("1 invoice"),
        none_yet=N_("No invoices yet"),
        first=N_("Ask for an invoice at an order or instalment; finance issues it."),
        new=N_("Ask for an invoice"),
    ),
    "invoice_title": ListWords(
        counted=N_("{count} invoice titles"),
        one=N_("1 invoice title"),
        none_yet=N_("No invoice titles yet"),
        first=N_("What a customer wants to read on his invoices; the usual one is taken by itself."),
        new=N_("New invoice title"),
    ),
    "pool_rule": ListWords(
        counted=N_("{count} pool rules"),
        one=N_("1 pool rule"),
        none_yet=N_("No pool rules yet"),
        first=N_(
            "Without a rule no customer returns to the pool by itself, and nobody's claims are limited."
        ),
        new=N_("New pool rule"),
    ),
    "document_template": ListWords(
        counted=N_("{count} document templates"),
        one=N_("1 document template"),
        none_yet=N_("No document templates yet"),
        first=N_("Begin with one that comes along, or write your own. Quotes are printed without one, too."),
        new=N_("New document template"),
    ),
    "segment": ListWords(
        counted=N_("{count} segments"),
        one=N_("1 segment"),
        none_yet=N_("No segments yet"),
        first=N_("Say by a rule who belongs together, or pick customers in their list (Ctrl+Shift+G)."),
        new=N_("New segment"),
    ),
    "forecast_call": ListWords(
        counted=N_("{count} judgements"),
        one=N_("1 judgement"),
        none_yet=N_("No judgements yet"),
        first=N_("Say what you expect of a period, and why; it stays as you said it."),
        new=N_("New judgement"),
    ),
    "scenario": ListWords(
        counted=N_("{count} scenarios"),
        one=N_("1 scenario"),
        none_yet=N_("No scenarios yet"),
        first=N_("Try what a period would come to if prices or win rates were others."),
        new=N_("New scenario"),
    ),
    "target": ListWords(
        counted=N_("{count} targets"),
        one=N_("1 target"),
        none_yet=N_("No targets yet"),
        first=N_("What a person, a team or the company is to reach in a month, a quarter or a year."),
        new=N_("New target"),
    ),
    "campaign": ListWords(
        counted=N_("{count} campaigns"),
        one=N_("1 campaign"),
        none_yet=N_("No campaigns yet"),
        first=N_("A campaign with its cost tells what a lead and a customer won cost."),
        new=N_("New campaign"),
    ),
    "value_rule": ListWords(
        counted=N_("{count} customer value rules"),
        one=N_("1 customer value rule"),
        none_yet=N_("No customer value rules yet"),
        first=N_("Without one, customers are put into fifths by what they bought, and a year is compared."),
        new=N_("New customer value rule"),
    ),
    "lead": ListWords(
        counted=N_("{count} leads"),
        one=N_("1 lead"),
        none_yet=N_("No leads yet"),
        first=N_("Add one by hand or import a list; a lead is somebody who may become a customer."),
        new=N_("New lead"),
    ),
    "deal": ListWords(
        counted=N_("{count} deals"),
        one=N_("1 deal"),
        none_yet=N_("No deals yet"),
        first=N_("A deal is a possible sale to a customer."),
        new=N_("New deal"),
    ),
    "activity": ListWords(
        counted=N_("{count} activities"),
        one=N_("1 activity"),
        none_yet=N_("No activities yet"),
        first=N_("Log what you did, or plan what is next."),
        new=N_("New activity"),
    ),
    "product": ListWords(
        counted=N_("{count} products"),
        one=N_("1 product"),
        none_yet=N_("No products yet"),
        first=N_("Products are what quotes offer."),
        new=N_("New product"),
    ),
    "price_book": ListWords(
        counted=N_("{count} price books"),
        one=N_("1 price book"),
        none_yet=N_("No price books yet"),
        first=N_(
            "Prices that hold together: for a customer, a level or everybody. Without one list prices hold."
        ),
        new=N_("New price book"),
    ),
    "tax_class": ListWords(
        counted=N_("{count} tax classes"),
        one=N_("1 tax class"),
        none_yet=N_("No tax classes yet"),
        first=N_("A class has the rates that held and hold; products name theirs."),
        new=N_("New tax class"),
    ),
    "plan_template": ListWords(
        counted=N_("{count} plan templates"),
        one=N_("1 plan template"),
        none_yet=N_("No plan templates yet"),
        first=N_(
            "A template is a payment plan under a name, such as 30/60/10; it is chosen when a plan is made."
        ),
        new=N_("New plan template"),
    ),
    "exchange_rate": ListWords(
        counted=N_("{count} exchange rates"),
        one=N_("1 exchange rate"),
        none_yet=N_("No exchange rates yet"),
        first=N_("Prices in another currency are offered by a rate written down here, and by nothing else."),
        new=N_("New exchange rate"),
    ),
    "quote": ListWords(
        counted=N_("{count} quotes"),
        one=N_("1 quote"),
        none_yet=N_("No quotes yet"),
        first=N_("A quote is an offer to a customer."),
        new=N_("New quote"),
    ),
    "order": ListWords(
        counted=N_("{count} orders"),
        one=N_("1 order"),
        none_yet=N_("No orders yet"),
        first=N_("An order is a sale agreed; an accepted quote makes one."),
        new=N_("New order"),
    ),
    "contract": ListWords(
        counted=N_("{count} contracts"),
        one=N_("1 contract"),
        none_yet=N_("No contracts yet"),
        first=N_("A contract is what was agreed with a customer for a time; a quote makes one."),
        new=N_("New contract"),
    ),
    "contract_clause": ListWords(
        counted=N_("{count} clauses"),
        one=N_("1 clause"),
        none_yet=N_("No clauses yet"),
        first=N_("Take clauses from the library, or write one here."),
        new=N_("New clause"),
    ),
    "clause": ListWords(
        counted=N_("{count} clauses"),
        one=N_("1 clause"),
        none_yet=N_("No clauses yet"),
        first=N_("Clauses that contracts begin with, or take when they need them."),
        new=N_("New clause"),
    ),
    "delivery": ListWords(
        counted=N_("{count} deliveries"),
        one=N_("1 delivery"),
        none_yet=N_("No deliveries yet"),
        first=N_("What goes to the customer and what comes back stands here."),
        new=N_("New delivery"),
    ),
    "installed_product": ListWords(
        counted=N_("{count} installed products"),
        one=N_("1 installed product"),
        none_yet=N_("No installed products yet"),
        first=N_("Deliveries write down what stands at customers; older ones are added here."),
        new=N_("New installed product"),
    ),
    "article_category": ListWords(
        counted=N_("{count} categories of articles"),
        one=N_("1 category of articles"),
        none_yet=N_("No categories of articles yet"),
        first=N_("A category keeps articles of one subject together; one may stand below another."),
        new=N_("New category of articles"),
    ),
    "article": ListWords(
        counted=N_("{count} articles"),
        one=N_("1 article"),
        none_yet=N_("No articles yet"),
        first=N_("An article keeps an answer for the next who asks."),
        new=N_("New article"),
    ),
    "ticket": ListWords(
        counted=N_("{count} tickets"),
        one=N_("1 ticket"),
        none_yet=N_("No tickets yet"),
        first=N_("A ticket keeps a customer's question until it is answered."),
        new=N_("New ticket"),
    ),
    "custom_field": ListWords(
        counted=N_("{count} custom fields"),
        one=N_("1 custom field"),
        none_yet=N_("No custom fields yet"),
        first=N_("A field of your own on customers, deals or any other kind of record."),
        new=N_("New field"),
    ),
    "tag": ListWords(
        counted=N_("{count} tags"),
        one=N_("1 tag"),
        none_yet=N_("No tags yet"),
        first=N_("Tags group customers and deals as you like; colleagues' tags stay beside yours."),
        new=N_("New tag"),
    ),
    "competitor": ListWords(
        counted=N_("{count} competitors"),
        one=N_("1 competitor"),
        none_yet=N_("No competitors yet"),
        first=N_("Who else sells what you sell; chosen when a deal is lost."),
        new=N_("New competitor"),
    ),
    "pipeline": ListWords(
        counted=N_("{count} pipelines"),
        one=N_("1 pipeline"),
        none_yet=N_("No pipelines yet"),
        first=N_("A pipeline is a way deals go, stage by stage."),
        new=N_("New pipeline"),
    ),
    "stage": ListWords(
        counted=N_("{count} stages"),
        one=N_("1 stage"),
        none_yet=N_("No stages yet"),
        first=N_("A stage is a step of a pipeline."),
        new=N_("New stage"),
    ),
    "stage_rule": ListWords(
        counted=N_("{count} conditions"),
        one=N_("1 condition"),
        none_yet=N_("No conditions yet"),
        first=N_("A condition is what a deal must meet to enter a stage, or to go on from it."),
        new=N_("New condition"),
    ),
    "work_calendar": ListWords(
        counted=N_("{count} work calendars"),
        one=N_("1 work calendar"),
        none_yet=N_("No work calendars yet"),
        first=N_("Without one, people work from Monday to Friday, 9 to 18."),
        new=N_("New work calendar"),
    ),
    "sla_policy": ListWords(
        counted=N_("{count} service levels"),
        one=N_("1 service level"),
        none_yet=N_("No service levels yet"),
        first=N_("A service level says within how much working time a ticket is answered and solved."),
        new=N_("New service level"),
    ),
    "ticket_category": ListWords(
        counted=N_("{count} ticket categories"),
        one=N_("1 ticket category"),
        none_yet=N_("No ticket categories yet"),
        first=N_("Categories say what tickets are about; one can be within another."),
        new=N_("New category"),
    ),
    "macro": ListWords(
        counted=N_("{count} macros"),
        one=N_("1 macro"),
        none_yet=N_("No macros yet"),
        first=N_("A macro does several things with a ticket in one step."),
        new=N_("New macro"),
    ),
    "survey": ListWords(
        counted=N_("{count} surveys"),
        one=N_("1 survey"),
        none_yet=N_("No surveys yet"),
        first=N_("A survey asks customers by mail how satisfied they are once their ticket is closed."),
        new=N_("New survey"),
    ),
    "survey_answer": ListWords(
        counted=N_("{count} survey answers"),
        one=N_("1 survey answer"),
        none_yet=N_("No survey answers yet"),
        first=N_("HQ asks customers once their tickets are closed; what they answer comes with the sync."),
        new=N_("New survey answer"),
    ),
    "feedback_rule": ListWords(
        counted=N_("{count} rules about feedback"),
        one=N_("1 rule about feedback"),
        none_yet=N_("No rules about feedback yet"),
        first=N_(
            "The usual rules count: three complaints or two bad scores in 180 days, or two late tickets."
        ),
        new=N_("New rule about feedback"),
    ),
    "barred_sender": ListWords(
        counted=N_("{count} barred senders"),
        one=N_("1 barred sender"),
        none_yet=N_("Nobody is barred"),
        first=N_("From a barred sender no mail, form or chat becomes a ticket."),
        new=N_("Bar a sender"),
    ),
    "request_form": ListWords(
        counted=N_("{count} request forms"),
        one=N_("1 request form"),
        none_yet=N_("No request forms yet"),
        first=N_("A form asks what is needed, goes to whom it concerns, and waits for who must approve."),
        new=N_("New request form"),
    ),
    "service_request": ListWords(
        counted=N_("{count} service requests"),
        one=N_("1 service request"),
        none_yet=N_("No service requests yet"),
        first=N_("Choose a form and fill it in, also without a network; it becomes a ticket."),
        new=N_("New service request"),
    ),
    "capture_form": ListWords(
        counted=N_("{count} capture forms"),
        one=N_("1 capture form"),
        none_yet=N_("No capture forms yet"),
        first=N_("A form is a page of HQ on which people outside leave their address or ask for help."),
        new=N_("New form"),
    ),
    "assignment_rule": ListWords(
        counted=N_("{count} assignment rules"),
        one=N_("1 assignment rule"),
        none_yet=N_("No assignment rules yet"),
        first=N_("Without a rule leads and tickets nobody has wait until somebody gives them to a person."),
        new=N_("New assignment rule"),
    ),
    "scoring_rule": ListWords(
        counted=N_("{count} scoring rules"),
        one=N_("1 scoring rule"),
        none_yet=N_("No scoring rules of your own"),
        first=N_("The usual rules count; they are written down with the first one you add."),
        new=N_("New scoring rule"),
    ),
    "milestone": ListWords(
        counted=N_("{count} milestones"),
        one=N_("1 milestone"),
        none_yet=N_("No milestones yet"),
        first=N_("A milestone is ticked off on every deal of a stage or a product."),
        new=N_("New milestone"),
    ),
}
_OTHER = ListWords(
    counted=N_("{count} records"),
    one=N_("1 record"),
    none_yet=N_("No records yet"),
    first=N_("What is added here is saved on this laptop at once."),
    new=N_("New record"),
)


_REACHES: Mapping[Reach, Message] = {Reach.TEAM: message("Team"), Reach.TERRITORY: message("Territory")}


def words_of(entity: str) -> ListWords:
    """Return what lists of an entity say."""
    return _WORDS.get(entity, _OTHER)


def counted(entity: str, number: int) -> Message:
    """Return how many records there are, in words; of any kind where `entity` is none that lists show."""
    words = words_of(entity)
    return plural(number, Message(words.one), Message(words.counted, {"count": figure(number)}))


def reach_words(reach: Reach) -> Message:
    """Return what everything within a person's reach is called beside "mine"."""
    return _REACHES.get(reach, message("All"))


def none_yet(entity: str) -> Message:
    """Return the line of an empty list."""
    return Message(words_of(entity).none_yet)


def new_words(entity: str) -> Message:
    """Return the words on the button that makes a record."""
    return Message(words_of(entity).new)


def icon_of(entity: str) -> str:
    """Return the icon of an entity."""
    return SCHEMAS[entity].meta.icon


NOTHING_FITS = message("Nothing fits this filter")
"""The line of a list whose filter leaves nothing."""
