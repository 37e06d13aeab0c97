"""What other programs call our fields, beside the names and labels they have here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ANY = "*"

SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "customer": {
            "name": (
                "account",
                "account name",
                "company",
                "company name",
                "customer name",
                "client",
                "client name",
                "organisation",
                "organization",
                "firm",
                "公司",
                "公司名称",
                "客户",
                "客户名称",
                "单位名称",
                "企业名称",
                "名称",
            ),
            "industry": ("sector", "branch", "所属行业"),
            "founded_year": ("year established", "established", "year founded", "成立年份"),
            "employees": ("headcount", "staff", "number of employees", "员工数", "员工人数", "人数"),
            "annual_revenue": ("annual turnover", "年营业额"),
            "parent_id": (
                "subsidiary of",
                "parent",
                "parent company",
                "parent account",
                "母公司",
                "上级公司",
            ),
            "level": ("customer level", "grade", "rating", "客户级别", "客户等级"),
            "source": ("lead source", "客户来源"),
            "country": ("country/region", "国家地区"),
            "province": ("state", "省"),
            "city": ("town", "市"),
            "address": ("street", "地址", "详细地址", "通讯地址"),
            "status": ("customer status", "客户状态"),
        },
        "contact": {
            "name": ("contact name", "full name", "contact", "联系人", "联系人姓名"),
            "customer_id": (
                "company",
                "account",
                "organisation",
                "organization",
                "公司",
                "所属客户",
                "公司名称",
            ),
            "title": ("job title", "position", "job", "职位", "职务"),
            "reports_to_id": ("manager", "supervisor", "上级"),
        },
        "deal": {
            "name": ("opportunity", "opportunity name", "deal name", "商机", "商机名称"),
            "code": ("opportunity id", "deal id", "opportunity number", "商机编号"),
            "customer_id": ("account", "account name", "company", "client", "公司", "客户名称"),
            "stage_id": ("deal stage", "sales stage", "销售阶段", "商机阶段"),
            "amount": ("close value", "value", "deal value", "expected revenue", "商机金额", "预计金额"),
            "close_date": ("closed on", "expected close date", "成交日期", "预计成交日期"),
            "engaged_on": ("engage date", "created on", "首次接触"),
            "product_id": ("product name", "产品名称"),
        },
        "product": {
            "name": ("product", "product name", "产品", "产品名称", "品名"),
            "code": ("sku", "product code", "item number", "产品编码", "货号"),
            "family": ("series", "category", "product line", "系列", "产品系列", "类别"),
            "list_price": ("price", "sales price", "unit price", "单价", "售价", "价格"),
        },
        "user": {
            "name": ("user", "sales agent", "employee", "full name", "姓名", "员工"),
            "territory_id": ("regional office", "region", "office", "大区", "区域"),
        },
        "territory": {"name": ("territory", "region", "regional office", "大区")},
        "team": {"name": ("team", "department", "部门"), "manager_id": ("leader", "lead", "主管")},
        "pipeline": {"name": ("pipeline",)},
        "stage": {"name": ("stage", "deal stage", "sales stage")},
        ANY: {
            "owner_id": (
                "sales agent",
                "sales rep",
                "salesperson",
                "account manager",
                "account owner",
                "assigned to",
                "销售",
                "销售员",
                "业务员",
                "客户经理",
                "跟进人",
            ),
            "phone": (
                "telephone",
                "mobile",
                "phone number",
                "mobile phone",
                "tel",
                "cell",
                "手机",
                "手机号",
                "联系电话",
                "电话号码",
            ),
            "email": ("mail", "email address", "邮箱", "电子邮箱", "邮件地址"),
            "website": ("homepage", "url", "www", "网站", "官网"),
            "notes": ("note", "comment", "comments", "remark", "remarks", "说明", "描述"),
            "tags": ("labels", "keywords", "标记"),
            "amount": ("金额",),
        },
    }
)
"""Entity (or `ANY`) to field to other names of it. Never a scale: a plain “revenue” may be in millions."""
