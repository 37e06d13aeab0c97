"""The words printed on documents, in both languages: the only place that holds them.

They follow the language of the document and not the one of the program, so they are no messages.
"""

from __future__ import annotations

from enum import Enum

from crm_core.rules.template_values import LANGUAGES, DocumentLanguage

__all__ = ["LANGUAGES", "DocumentLanguage", "Label", "say", "say_page", "say_tax", "say_version"]


class Label(Enum):
    """A printed word: Chinese, English."""

    QUOTATION = ("报价单", "Quotation")
    SUBJECT_TO_APPROVAL = ("以审批为准", "Subject to approval")
    DRAFT = ("草稿", "DRAFT")
    AWAITING_APPROVAL = ("待审批", "SUBJECT TO APPROVAL")
    NUMBER = ("编号", "No.")
    VERSION = ("版本", "Version")
    DATE = ("日期", "Date")
    VALID_UNTIL = ("有效至", "Valid until")
    CUSTOMER = ("客户", "Customer")
    PREPARED_BY = ("经办", "Prepared by")
    CODE = ("型号", "Code")
    DESCRIPTION = ("名称", "Description")
    QUANTITY = ("数量", "Qty")
    UNIT = ("单位", "Unit")
    UNIT_PRICE = ("单价", "Unit price")
    DISCOUNT = ("折扣", "Disc.")
    AMOUNT = ("金额", "Amount")
    OPTIONAL = ("选配，不计入合计", "Optional, not in the total")
    ALTERNATIVE = ("备选，不计入合计", "Alternative, not in the total")
    CARRIED_TO = ("过次页", "Carried to next page")
    CARRIED_FORWARD = ("承前页", "Carried forward")
    SUBTOTAL = ("小计", "Subtotal")
    SUBTOTAL_WITH_TAX = ("含税小计", "Subtotal incl. tax")
    GROUP_ALLOWANCE = ("分组优惠", "Group allowance")
    ALLOWANCE = ("整单优惠", "Allowance")
    NET = ("税前合计", "Net of tax")
    TOTAL = ("合计", "Total")
    IN_WORDS = ("大写", "In words")
    ROUNDING = ("金额逐行、税额按税率四舍五入", "Rounded half up per line, tax per rate")
    TERMS = ("条款", "Terms")
    SUPPLIER = ("供方", "Supplier")
    BUYER = ("需方", "Customer")
    SIGNATURE = ("签字、盖章、日期", "Signature, seal, date")
    ACCEPT = ("在线确认", "Accept")

    @property
    def zh(self) -> str:
        """The Chinese word."""
        return self.value[0]

    @property
    def en(self) -> str:
        """The English word."""
        return self.value[1]


def say(label: Label, language: DocumentLanguage) -> str:
    """Return the word in the document's language, or in both with the Chinese first."""
    return {"zh": label.zh, "en": label.en, "both": f"{label.zh} {label.en}"}[language]


def say_tax(rate: str, language: DocumentLanguage, *, included: bool) -> str:
    """Return the words for the tax of a rate such as `13 %`."""
    zh, en = ("其中增值税", "VAT included") if included else ("增值税", "VAT")
    return {"zh": f"{zh} {rate}", "en": f"{en} {rate}", "both": f"{zh} {rate} {en}"}[language]


def say_page(number: int, count: int, language: DocumentLanguage) -> str:
    """Return `page n of m`."""
    zh, en = f"第 {number} 页，共 {count} 页", f"Page {number} of {count}"
    return {"zh": zh, "en": en, "both": f"{zh}\u3000{en}"}[language]


def say_version(version: int, language: DocumentLanguage) -> str:
    """Return the version in words."""
    return f"{say(Label.VERSION, language)} {version}"
