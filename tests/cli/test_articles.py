"""Articles from the command line: the general commands, and folders of Markdown files."""

from __future__ import annotations

from tests.cli.support import Crm


def test_a_folder_of_markdown_files_comes_in_and_goes_out_as_it_was(crm: Crm) -> None:
    crm.json("add", "article_category", "name=Meters", "name_zh=流量计")
    folder = crm.profile.parent / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "air.md").write_text(
        "---\ntitle: Air in the pipe\naudience: public\ncategory: 流量计\nkeywords: drift, high\n---\n"
        "\n## Why\n\nAir.\n",
        encoding="utf-8",
    )
    (folder / "deep" / "zero.md").write_text("# 零点校准\n\n先排气。\n", encoding="utf-8")
    (folder / "lost.md").write_text("---\ntitle: Lost\ncategory: Nowhere\n---\nText\n", encoding="utf-8")
    (folder / "empty.md").write_text("", encoding="utf-8")
    (folder / "binary.md").write_bytes(b"\xff\xfe\x00")
    read = {row["file"]: row for row in crm.rows("articles", "import", str(folder))}
    assert [name for name, row in sorted(read.items()) if row["id"]] == ["air.md", "deep/zero.md"]
    assert "no category of articles called “Nowhere”" in read["lost.md"]["reason"]
    assert "cannot be read as text" in read["binary.md"]["reason"]
    assert read["empty.md"]["reason"]
    again = crm.rows("articles", "import", str(folder))
    assert {row["reason"] for row in again if row["file"] in ("air.md", "deep/zero.md")} == {
        "There is an article of this title"
    }
    rows = {
        row["title"]: row
        for row in crm.rows("list", "article", "--fields", "title,language,audience,body,status")
    }
    assert (rows["Air in the pipe"]["audience"], rows["Air in the pipe"]["body"]) == (
        "public",
        "## Why\n\nAir.",
    )
    assert (rows["零点校准"]["language"], rows["零点校准"]["status"]) == ("zh", "draft")
    out = crm.profile.parent / "out"
    assert crm.json("articles", "export", str(out))["written"] == 2
    texts = {path.read_text(encoding="utf-8") for path in out.glob("*.md")}
    assert len(texts) == 2
    assert any("category: Meters\nkeywords: drift, high\n---\n\n## Why\n\nAir.\n" in text for text in texts)
    missing = crm.run("articles", "import", str(folder / "nowhere"))
    assert (missing.status, "There is no folder" in missing.err) == (1, True)


def test_an_article_is_written_and_found_by_the_general_commands(crm: Crm) -> None:
    made = crm.json(
        "add", "article", "title=Air in the pipe", "body=Vent the riser", "language=en", "audience=public"
    )
    assert [row["id"] for row in crm.rows("search", "riser")] == [made["id"]]
    crm.json("set", "article", made["id"], "status=review")
    assert crm.json("show", "article", made["id"])["status"] == "review"
