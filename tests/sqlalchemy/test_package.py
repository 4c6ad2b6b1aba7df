"""The package as it is installed, its documents, and their examples: each runs and prints what stands below it."""

import contextlib
import importlib.metadata
import io
import pathlib
import re
import subprocess
import sys

import pytest

import sqlalchemy_neon_odbc
from conftest import make_url
from sqlalchemy_neon_odbc import connstr

TOP = pathlib.Path(__file__).parents[2]
DOCUMENTS = [TOP / "python" / "README.md", TOP / "docs" / "sqlalchemy.md", TOP / "docs" / "moving-from-python-projects.md"]
URL = re.compile(r"(postgresql\+neonodbc|neon)://user:password@ep-cool-name-123456\.eu-central-1\.aws\.neon\.tech/shop")


def examples():
    for document in DOCUMENTS:
        text = document.read_text()
        for number, m in enumerate(re.finditer(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", text, re.DOTALL)):
            if m.group(2) is not None:
                yield pytest.param(m.group(1), m.group(2), id=f"{document.stem}-{number}")


@pytest.mark.parametrize("source, expected", examples())
def test_examples(source, expected):
    source, count = URL.subn(lambda m: make_url("auto", m.group(1)).render_as_string(hide_password=False), source)
    assert count == 1
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "example", "exec"), {"__name__": "example"})
    assert out.getvalue() == expected


def test_the_readme_stands_alone():
    """It is shown by package indexes, where nothing lies beside it; the pages it names are the driver's."""
    text = (TOP / "python" / "README.md").read_text()
    assert [link for link in re.findall(r"\]\(([^)]*)\)", text) if not link.startswith("https://")] == []
    named = re.findall(r"^- `([^`]+\.md)`", text, re.MULTILINE)
    assert len(named) == 3 and all((TOP / "docs" / name).exists() for name in named)


def test_every_option_is_documented():
    text = (TOP / "docs" / "sqlalchemy.md").read_text()
    table = text.split("## Options of the URL")[1].split("\n## ")[0]
    rows = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", rows)) == set(connstr.OPTIONS) | connstr.IGNORED | connstr.OURS


def test_every_keyword_that_options_stand_for_is_the_drivers():
    known = set(re.findall(r"^\| `([^`]+)`", (TOP / "docs" / "keywords.md").read_text(), re.MULTILINE))
    for name, (keywords, _) in connstr.OPTIONS.items():
        assert set(keywords) <= known, name


def test_links_between_documents_lead_somewhere():
    for document in DOCUMENTS:
        text = document.read_text()
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
            other = (document.parent / target) if target else document
            assert other.exists(), (document, target)
            if anchor:
                titles = re.findall(r"^#+ (.*)$", other.read_text(), re.MULTILINE)
                anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
                assert anchor in anchors, (document, anchor)


def test_what_is_installed():
    files = {str(path) for path in importlib.metadata.files("sqlalchemy-neon-odbc") or ()}
    assert importlib.metadata.version("sqlalchemy-neon-odbc") == sqlalchemy_neon_odbc.__version__
    names = {entry.name for entry in importlib.metadata.entry_points(group="sqlalchemy.dialects") if "neon" in entry.name}
    assert names == {"postgresql.neonodbc", "postgresql.neonodbc_async", "neon", "neon.pyodbc", "neon.aioodbc"}
    if any(name.startswith("sqlalchemy_neon_odbc/") for name in files):  # a wheel, not a link to the sources
        sources = {f"sqlalchemy_neon_odbc/{path.name}" for path in (TOP / "python" / "sqlalchemy_neon_odbc").iterdir() if path.is_file()}
        assert sources <= files and "sqlalchemy_neon_odbc/py.typed" in sources


def test_types_are_checked():
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(TOP / "python" / "pyproject.toml"), "--cache-dir", "/dev/null",
         str(TOP / "python" / "sqlalchemy_neon_odbc")],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout
