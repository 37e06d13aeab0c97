"""The search box finds what is there, by any part of it, and nothing that is gone."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_desktop.models import indexing, repository, search
from crm_desktop.models.engine import connect
from crm_desktop.models.indexing import MANY
from crm_desktop.models.replica import Replica
from crm_desktop.sync.removing import remove_rows
from tests.desktop.models.support import KEY, titles
from tests.support.pages import found_in


def found(replica: Replica, text: str, **how: object) -> list[str]:
    """Return what a search finds once everything is indexed."""
    replica.catch_up()
    with replica.read() as session:
        return titles(search.search(session, text, **how))  # type: ignore[arg-type]


@pytest.fixture
def filled(replica: Replica) -> Replica:
    """Give a replica with a few records in both languages."""
    with replica.write() as session:
        repository.create_many(
            session,
            "customer",
            [
                {
                    "name": "重庆长沙银行",
                    "phone": "+86 138-0013-8000",
                    "notes": "喜欢喝普洱茶 and long walks",
                },
                {"name": "Müller & Söhne GmbH", "email": "info@mueller.example", "city": "Zürich"},
                {"name": "Globex Ｃorporation", "notes": "spoke of 银行 matters", "tags": ["vip"]},
                {"name": "银", "industry": "Finance"},
            ],
        )
        repository.create(session, "contact", {"name": "张三", "email": "zs@example.example"})
        repository.create(session, "product", {"name": "C++ compiler", "code": "AB-12"})
        repository.create(session, "quote", {"number": "Q-2026-0042", "currency": "CNY"})
    return replica


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重", "重庆长沙银行"),
        ("沙银", "重庆长沙银行"),
        ("长沙银行", "重庆长沙银行"),
        ("庆 行", "重庆长沙银行"),
        ("chongqing", "重庆长沙银行"),
        ("changshayinhang", "重庆长沙银行"),
        ("CQCSYH", "重庆长沙银行"),
        ("cq", "重庆长沙银行"),
        ("普洱", "重庆长沙银行"),
        ("茶 walk", "重庆长沙银行"),
        ("13800138000", "重庆长沙银行"),
        ("138 0013", "重庆长沙银行"),
        ("0013-80", "重庆长沙银行"),
        ("8613800", "重庆长沙银行"),
        ("muller", "Müller & Söhne GmbH"),
        ("öhn", "Müller & Söhne GmbH"),
        ("info@mueller", "Müller & Söhne GmbH"),
        ("zurich", "Müller & Söhne GmbH"),
        ("mu", "Müller & Söhne GmbH"),
        ("CORPORATION", "Globex Ｃorporation"),
        ("lobe", "Globex Ｃorporation"),
        ("zhangsan", "张三"),
        ("zs", "张三"),
        ("c++", "C++ compiler"),
        ("ab-12", "C++ compiler"),
        ("2026-0042", "Q-2026-0042"),
        ("0042", "Q-2026-0042"),
    ],
)
def test_a_record_is_found_by_part_of_any_text(filled: Replica, text: str, expected: str) -> None:
    assert expected in found(filled, text)


@pytest.mark.parametrize(
    "text",
    ["golbex", "globx", "gglobex", "glubex", "lobex", "globxe", "globey corporation", "corpration glovex"],
)
def test_a_mistake_in_typing_is_forgiven(filled: Replica, text: str) -> None:
    assert found(filled, text) == ["Globex Ｃorporation"]


@pytest.mark.parametrize(
    "text",
    [
        "重庆常沙",  # of the same sound, as pinyin is typed
        "长沙银航",
        "cq 沙引航",
        "重庆长山银行",  # another character
        "重庆沙银行",
        "重庆长沙的银行",
        "庆长沙银街",
    ],
)
def test_a_mistake_in_chinese_is_forgiven(filled: Replica, text: str) -> None:
    assert found(filled, text) == ["重庆长沙银行"]


@pytest.mark.parametrize("text", ["cxrxoration", "croporatoin", "cporation", "cooxrporation"])
def test_two_mistakes_in_a_long_word_are_forgiven_wherever_they_are(filled: Replica, text: str) -> None:
    assert found(filled, text) == ["Globex Ｃorporation"]


def test_few_or_several_other_characters_find_nothing(filled: Replica) -> None:
    for text in ("银航", "庆长山", "重庆上海银行", "重庆长沙银行有限公司的分店和总部", "庆常沙 nothing"):
        assert found(filled, text) == [], text


def test_who_typed_it_right_sees_it_first_and_a_short_or_other_word_finds_nothing(filled: Replica) -> None:
    with filled.write() as session:
        tools = repository.create(session, "customer", {"name": "Glubex Tools (demo)"}).id
    assert found(filled, "glubex") == ["Glubex Tools (demo)", "Globex Ｃorporation"]
    assert found(filled, "chongqinchangsha") == ["重庆长沙银行"]  # pinyin with a letter missing
    for text in ("glo8ex", "gbx", "gulxeb", "glubex nothing", "银航"):
        assert found(filled, text) == [], text
    with filled.write() as session:
        repository.delete(session, "customer", tools)
    assert found(filled, "glubex") == ["Globex Ｃorporation"]
    assert found(filled, "glubex", entities=["product"]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "!?",
        "行银",
        "庆重",
        "xyzzy",
        "999",
        '"',
        "title:银",
        "NEAR(银 行)",
        "zs OR",
        "' --",
    ],
)
def test_what_is_not_there_and_what_is_no_word_find_nothing(filled: Replica, text: str) -> None:
    assert found(filled, text) == []


def test_every_word_must_be_found_though_in_different_fields(filled: Replica) -> None:
    assert found(filled, "globex 银行") == ["Globex Ｃorporation"]
    assert found(filled, "globex 贸易") == []


def test_an_exact_title_comes_before_a_beginning_before_a_part_before_other_fields(filled: Replica) -> None:
    with filled.write() as session:
        repository.create_many(
            session, "customer", [{"name": "银行"}, {"name": "银行家"}, {"name": "大银行"}]
        )
    filled.catch_up()
    with filled.read() as session:
        hits = search.search(session, "银行")
    assert titles(hits) == ["银行", "银行家", "大银行", "重庆长沙银行", "Globex Ｃorporation"]
    assert [hit.score for hit in hits] == [3, 2, 1, 1, 0]
    assert [hit.snippet for hit in hits] == ["", "", "", "", "spoke of 银行 matters"]


def test_a_search_may_keep_to_some_kinds_of_record(filled: Replica) -> None:
    assert found(filled, "zs", entities={"contact"}) == ["张三"]
    assert found(filled, "zs", entities={"customer"}) == []
    assert found(filled, "zs", entities=()) == []
    assert found(filled, "银", entities={"customer"}, limit=1) == ["银"]


def test_an_edit_a_deletion_and_a_restoring_are_followed(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Before", "city": "Bern"})
    assert found(replica, "before") == ["Before"]
    with replica.write() as session:
        repository.update(session, "customer", made.id, {"name": "After"})
    assert found(replica, "before") == []
    assert found(replica, "bern") == ["After"]
    with replica.write() as session:
        repository.delete(session, "customer", made.id)
    assert found(replica, "after") == []
    with replica.write() as session:
        repository.restore(session, "customer", made.id)
    assert found(replica, "after") == ["After"]


def test_a_purged_row_and_a_dropped_field_are_out_of_the_index_at_once(replica: Replica) -> None:
    with replica.write() as session:
        ids = repository.create_many(
            session,
            "customer",
            [{"name": "Kanarienvogel", "notes": "n"}, {"name": "Other", "notes": "Geheimnis秘密"}],
        )
    replica.catch_up()
    with replica.applying() as session:
        run = session.connection().exec_driver_sql
        run("DELETE FROM customer WHERE id = ?", (ids[0],))
        search.forget(session, "customer", [ids[0]])
        run("UPDATE customer SET notes = NULL")
    with replica.read() as session:
        assert search.search(session, "kanarien") == []
        assert search.search(session, "geheimnis") == []
        assert search.search(session, "秘") == []
    for table in ("outbox_op", "history"):
        with replica.applying() as session:
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    replica.scrub()
    # What a thief with the key would read, index pages and free pages with it.
    raw = connect(replica.profile.database, KEY)
    plain = replica.profile.root / "plain.db"
    raw.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
    raw.execute("SELECT sqlcipher_export('plain')")
    raw.close()
    content = plain.read_bytes().lower()
    for text in ("kanarienvogel", "geheimnis", "秘密", "anarie", "eheimn"):
        assert text.encode() not in content
    assert b"other" in content


def test_what_a_change_replaced_is_found_no_more_before_the_index_catches_up(replica: Replica) -> None:
    with replica.write() as session:
        ids = repository.create_many(session, "customer", [{"name": f"Heron {n}"} for n in range(260)])
    replica.catch_up()
    with replica.applying() as session:
        session.connection().exec_driver_sql(
            "UPDATE customer SET name = replace(name, 'Heron', 'Egret') WHERE id != ?", (ids[-1],)
        )
    with replica.read() as session:
        assert titles(search.search(session, "heron")) == ["Heron 259"]
        assert titles(search.search(session, "eron")) == ["Heron 259"]
        (still,) = session.execute(search.matching_ids("heron", "customer")).scalars()
    assert still == ids[-1]
    assert found(replica, "heron") == ["Heron 259"]
    assert found(replica, "gret 7")[0] == "Egret 7"


def test_what_was_purged_goes_from_an_index_of_many_pages_in_steps_and_the_rest_stays(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_PAGES_A_STEP", 20)
    monkeypatch.setattr("crm_desktop.models.replica.RETIRED_AT_ONCE", 10)
    rows = [{"name": f"Wort{number}x", "notes": f"Satz{number}y " * 20} for number in range(300)]
    with replica.write() as session:
        ids = repository.create_many(session, "customer", rows)
    replica.catch_up()
    with replica.applying() as session:
        run = session.connection().exec_driver_sql
        for table in ("outbox_op", "history"):
            run(f"DELETE FROM {table}")
        run("DELETE FROM customer WHERE id = ?", [(record_id,) for record_id in ids[::20]])
    assert replica.scrub()
    words = {number: f"satz{number}y" for number in range(0, 300, 10)}
    there = {text for _, text in found_in(replica.profile.root, KEY, list(words.values()))}
    assert there == {word for number, word in words.items() if number % 20}
    assert found(replica, "satz7y") == ["Wort7x"]
    assert found(replica, "satz20y") == []
    assert replica.integrity_check() == []


def test_a_program_told_to_end_leaves_the_merging_of_the_index_for_later(filled: Replica) -> None:
    filled.catch_up()
    filled.leave()
    assert not filled.scrub()


def test_an_entity_can_be_taken_out_and_indexed_again(filled: Replica) -> None:
    filled.catch_up()
    with filled.applying() as session:
        search.rebuild(session, "customer")
    with filled.read() as session:
        assert search.search(session, "重庆") == []
        assert titles(search.search(session, "zs")) == ["张三"]
    assert found(filled, "重庆") == ["重庆长沙银行"]


def test_catching_up_goes_on_where_it_stopped(replica: Replica) -> None:
    with replica.write() as session:
        repository.create_many(session, "customer", [{"name": f"customer {n}"} for n in range(25)])
    assert replica.catch_up(10) == 15
    assert replica.catch_up(10) == 5
    assert replica.catch_up() == 0
    assert len(found(replica, "customer", limit=100)) == 25


def test_a_long_note_does_not_swell_the_index(replica: Replica) -> None:
    with replica.write() as session:
        repository.create(
            session, "customer", {"name": "Long", "notes": "begin " + "x1y2 " * 20_000 + " finis"}
        )
    assert found(replica, "begin") == ["Long"]
    assert found(replica, "finis") == []


def test_thousands_of_rows_at_once_are_keyed_and_found_as_single_ones_are(replica: Replica) -> None:
    names = [f"{word}{number}（示例）" for word in ("松针", "Heron") for number in range(150)]
    rows = [{"name": name, "city": "Suzhou"} for name in names]
    with replica.write() as session:
        ids = repository.create_many(session, "customer", rows)
        one = repository.create(session, "customer", {"name": "松针150（示例）", "city": "Suzhou"}).id
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        keys = run("SELECT row_id, field, key FROM sort_key WHERE entity = 'customer'").all()
        assert len(keys) == len(set(keys)) == 3 * 301
        by_row = {(row_id, field): key for row_id, field, key in keys}
        assert by_row[one, "name"] == by_row[ids[149], "name"].replace("149", "150")
        assert run("SELECT count(*) FROM search_dirty WHERE entity = 'customer'").scalar() == 301
        assert run("SELECT count(*) FROM keyed_later").scalar() == 0


def test_many_rows_taken_back_leave_nothing_held_back(replica: Replica) -> None:
    rows = [{"name": f"Heron {number}（示例）"} for number in range(300)]

    def make_and_stop() -> None:
        with replica.write() as session:
            repository.create_many(session, "customer", rows)
            raise UserError("cancelled")

    with pytest.raises(UserError):
        make_and_stop()
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Alone（示例）"}).id
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        assert [made] == list(run("SELECT DISTINCT row_id FROM sort_key WHERE entity = 'customer'").scalars())


def words_in_pages(replica: Replica, word: str) -> int:
    """Return how many pages of the index hold the beginning of a word, in use or not."""
    replica.catch_up()
    assert replica.scrub()
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        pages = [
            page
            for table in ("search_words_data", "search_grams_data")
            for page in run(f"SELECT block FROM {table}").scalars()
        ]
    return sum(word[:3].encode() in page for page in pages)


@pytest.mark.parametrize("count", [MANY - 10, MANY + 50])
def test_few_or_many_records_that_go_leave_no_word_in_the_index(replica: Replica, count: int) -> None:
    with replica.write() as session:
        gone = [{"name": f"Zqxjk{number}", "notes": f"zqxjknote{number}"} for number in range(count)]
        ids = repository.create_many(session, "customer", gone)
        stay = [{"name": f"Heron {number}"} for number in range(20)]
        repository.create_many(session, "customer", stay)
    assert words_in_pages(replica, "zqxjk") > 0
    with replica.applying() as session:
        remove_rows(session, SCHEMAS["customer"], ids)
    assert words_in_pages(replica, "zqxjk") == 0
    assert found(replica, "Zqxjk") == []
    assert len(found(replica, "Heron", limit=50)) == 20


def test_a_removal_that_is_taken_back_leaves_the_index_as_it_was(replica: Replica) -> None:
    with replica.write() as session:
        rows = [{"name": f"Zqxjk{number}"} for number in range(MANY + 50)]
        ids = repository.create_many(session, "customer", rows)
    assert found(replica, "Zqxjk7")

    def remove_and_stop() -> None:
        with replica.applying() as session:
            remove_rows(session, SCHEMAS["customer"], ids)
            raise UserError("cancelled")

    with pytest.raises(UserError):
        remove_and_stop()
    assert len(found(replica, "Zqxjk", limit=500)) == MANY + 50
    with replica.applying() as session:
        for row_id in ids:
            remove_rows(session, SCHEMAS["customer"], [row_id])
    assert words_in_pages(replica, "zqxjk") == 0
