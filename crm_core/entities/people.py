"""Who works here and what each may do: users, teams, territories, roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import boolean, json, long_text, ref, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import Kind


class User(Entity):
    """A person who signs in. The password is kept apart, at HQ only."""

    __tablename__ = "user"
    meta = EntityMeta(no=1, label=N_("User"), plural=N_("Users"), icon="user", reference=True)

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True
    )
    title: Mapped[str | None] = text(11, N_("Title"), in_list=True)
    email: Mapped[str | None] = text(12, N_("E-mail"), kind=Kind.EMAIL, in_list=True, personal=True)
    phone: Mapped[str | None] = text(13, N_("Phone"), kind=Kind.PHONE, in_list=True, personal=True)
    role_id: Mapped[str | None] = ref(14, N_("Role"), "role", required=True, in_list=True)
    team_id: Mapped[str | None] = ref(15, N_("Team"), "team", in_list=True)
    territory_id: Mapped[str | None] = ref(16, N_("Territory"), "territory", in_list=True)
    active: Mapped[bool | None] = boolean(17, N_("In use"), default=True, in_list=True)
    skills: Mapped[list[str] | None] = tags(18, N_("Skills"), since=3)
    """What rules of assignment choose by, such as “pumps”."""


class Team(Entity):
    """Users under one manager; teams form a tree."""

    __tablename__ = "team"
    meta = EntityMeta(no=2, label=N_("Team"), plural=N_("Teams"), icon="people", reference=True)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True)
    parent_id: Mapped[str | None] = ref(11, N_("Part of"), "team", in_list=True)
    manager_id: Mapped[str | None] = ref(12, N_("Manager"), "user", in_list=True)


class Territory(Entity):
    """A part of the market; territories form a tree."""

    __tablename__ = "territory"
    meta = EntityMeta(no=3, label=N_("Territory"), plural=N_("Territories"), icon="globe", reference=True)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True)
    parent_id: Mapped[str | None] = ref(11, N_("Part of"), "territory", in_list=True)


class Role(Entity):
    """What its holders may do; `rights` is read by `crm_core.rules.access.read_rights`."""

    __tablename__ = "role"
    meta = EntityMeta(no=4, label=N_("Role"), plural=N_("Roles"), icon="shield", reference=True)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True)
    description: Mapped[str | None] = long_text(11, N_("Description"), in_list=True)
    rights: Mapped[dict[str, Any] | None] = json(12, N_("Rights"), required=True, in_form=False)
