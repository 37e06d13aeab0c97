"""Every entity, in the order of the menus and of a first sync: set-up first, parents before children."""

from __future__ import annotations

from types import MappingProxyType

from crm_core.entities.activity import Activity
from crm_core.entities.approval import Absence, ApprovalDecision, ApprovalFlow, ApprovalRequest, Mandate
from crm_core.entities.article import Article, ArticleCategory, ArticleVersion, ArticleVote, TicketArticle
from crm_core.entities.assignment import AssignmentRule
from crm_core.entities.attachment import Attachment
from crm_core.entities.campaign import Campaign
from crm_core.entities.capture import CaptureForm
from crm_core.entities.comment import Comment
from crm_core.entities.contract import Clause, Contract, ContractClause, ContractLine
from crm_core.entities.customer import Contact, Customer, Tag
from crm_core.entities.dashboard import Dashboard
from crm_core.entities.deal import Deal, Pipeline, Stage
from crm_core.entities.forecast import ForecastCall, Scenario
from crm_core.entities.lead import Lead
from crm_core.entities.membership import PointEntry
from crm_core.entities.merge import Merge
from crm_core.entities.order import Delivery, DeliveryLine, InstalledProduct, Order, OrderLine
from crm_core.entities.outgoing import Acceptance, OutgoingMail, Signature
from crm_core.entities.payment import (
    Instalment,
    Invoice,
    InvoiceTitle,
    PlanTemplate,
    Receipt,
    ReceiptShare,
)
from crm_core.entities.people import Role, Team, Territory, User
from crm_core.entities.pool import PoolRule
from crm_core.entities.pricing import ExchangeRate, PriceBook, StockLevel, TaxClass
from crm_core.entities.product import Price, Product
from crm_core.entities.quote import Quote, QuoteGroup, QuoteLine, QuoteVersion
from crm_core.entities.report import SavedReport
from crm_core.entities.report_schedule import DashboardSnapshot, ReportSchedule, ReportSending
from crm_core.entities.scoring import ScoringRule
from crm_core.entities.segment import Segment
from crm_core.entities.selling_setup import Competitor, DealMilestone, Milestone, StageRule
from crm_core.entities.service import BarredSender, Macro, SlaPolicy, TicketCategory, WorkCalendar
from crm_core.entities.service_request import RequestForm, ServiceRequest
from crm_core.entities.setup import CustomField, SavedView
from crm_core.entities.survey import FeedbackRule, Survey, SurveyAnswer
from crm_core.entities.target import Target
from crm_core.entities.template import DocumentTemplate
from crm_core.entities.ticket import Ticket, TicketMessage, TicketQuestion
from crm_core.entities.value import ValueRule
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.entity import Entity
from crm_core.schema.reading import Schema, read_schema

ENTITIES: tuple[type[Entity], ...] = (
    Role,
    Team,
    Territory,
    User,
    CustomField,
    Tag,
    Pipeline,
    Stage,
    TaxClass,
    Product,
    PriceBook,
    Price,
    ExchangeRate,
    PlanTemplate,
    StockLevel,
    Competitor,
    Milestone,
    StageRule,
    DocumentTemplate,
    Clause,
    ApprovalFlow,
    Mandate,
    Absence,
    SavedView,
    Segment,
    SavedReport,
    Dashboard,
    ReportSchedule,
    ReportSending,
    DashboardSnapshot,
    Scenario,
    PoolRule,
    ValueRule,
    Customer,
    Contact,
    Merge,
    PointEntry,
    CaptureForm,
    AssignmentRule,
    ScoringRule,
    WorkCalendar,
    SlaPolicy,
    TicketCategory,
    Macro,
    Survey,
    FeedbackRule,
    BarredSender,
    RequestForm,
    Campaign,
    Lead,
    Target,
    ForecastCall,
    Deal,
    DealMilestone,
    Quote,
    QuoteGroup,
    QuoteLine,
    QuoteVersion,
    Contract,
    ContractLine,
    ContractClause,
    Order,
    OrderLine,
    Delivery,
    DeliveryLine,
    InstalledProduct,
    InvoiceTitle,
    Instalment,
    Receipt,
    ReceiptShare,
    Invoice,
    ArticleCategory,
    Article,
    ArticleVersion,
    ArticleVote,
    Ticket,
    TicketMessage,
    TicketQuestion,
    TicketArticle,
    SurveyAnswer,
    ServiceRequest,
    Activity,
    Attachment,
    Comment,
    ApprovalRequest,
    ApprovalDecision,
    OutgoingMail,
    Acceptance,
    Signature,
)

SCHEMAS = MappingProxyType({model.__tablename__: read_schema(model) for model in ENTITIES})
"""What each entity declares, by its name, in the order of `ENTITIES`."""

BY_NO = MappingProxyType({schema.no: schema for schema in SCHEMAS.values()})
"""The same by wire number."""

FILL_ORDER = tuple(schema.no for schema in SCHEMAS.values())
"""Order in which a first sync brings entities: parents before their children."""

CHILDREN = MappingProxyType(
    {
        name: tuple(
            (child, field)
            for child in SCHEMAS.values()
            for field in child.parent_fields
            if field.target in (name, "*")
        )
        for name in SCHEMAS
    }
)
"""For each entity, who inherits from it: (schema of the child, its linking field)."""


def schema_of(name: str) -> Schema:
    """Return the declarations of the entity called `name`; `UserError` where there is none."""
    try:
        return SCHEMAS[name]
    except KeyError:
        raise UserError(N_("There is no kind of record called “{name}”"), name=name) from None
