"""Rows on their way into a table: in memory, in their order, gone afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from crm_desktop.models.page_table import page_table
from crm_desktop.models.replica import Replica


def left_over(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM temp.page_of_2").scalar_one())


def test_a_page_of_rows_is_there_while_it_is_written_and_gone_afterwards(replica: Replica) -> None:
    with replica.applying() as session:
        connection = session.connection()
        for _ in range(2):
            with page_table(connection, [["a", "b", None], (1, 2.5, None)]) as table:
                rows = connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY rowid").all()
                assert [tuple(row) for row in rows] == [("a", 1), ("b", 2.5), (None, None)]
            assert left_over(connection) == 0


def test_a_page_that_is_given_up_leaves_no_rows_behind(replica: Replica) -> None:
    page = [["a"], [1]]
    with replica.applying() as session, page_table(session.connection(), page):
        pass  # the table is made; what follows is taken back without taking it along
    with (
        pytest.raises(ArithmeticError),
        replica.applying() as session,
        page_table(session.connection(), page),
    ):
        raise ArithmeticError
    with replica.applying() as session:
        assert left_over(session.connection()) == 0
