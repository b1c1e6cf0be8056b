"""The notebooks run on the real mirror, only call geoapp, and keep no output."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LIGNES_MAX = 5
PERMIS = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.Assert, ast.FunctionDef)
"""What a cell may hold: no branch, no loop, no class; a function is a definition of a few lines."""


def read(path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def problems(code: str) -> list[str]:
    """Return what a cell holds that belongs in geoapp."""
    found = []
    for node in ast.parse(code).body:
        if not isinstance(node, PERMIS):
            found.append(f"{type(node).__name__}, line {node.lineno}")
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > LIGNES_MAX:
            found.append(f"{node.name} is {node.end_lineno - node.lineno + 1} lines long")
        if isinstance(node, ast.FunctionDef):
            found += [
                f"{type(inner).__name__} in {node.name}"
                for inner in ast.walk(node)
                if isinstance(
                    inner, ast.For | ast.While | ast.If | ast.Try | ast.With | ast.ClassDef
                )
            ]
    return found


def test_there_are_three_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_only_calls_geoapp_and_keeps_no_output(path):
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any("geoapp" in cell.source for cell in cells) and notebook.cells[0].source.startswith(
        f"# {int(path.name[:2])}. "
    )
    for cell in cells:
        assert cell.outputs == [] and cell.execution_count is None, "strip the outputs"
        assert problems(cell.source) == []
        modules = re.findall(r"^(?:from|import) (\w+)", cell.source, re.MULTILINE)
        assert set(modules) <= {"geoapp", "math", "numpy", "IPython"}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def f():\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return a", "f is 6 lines long"),
        ("if x:\n    y()", "If, line 1"),
        ("for x in y:\n    z()", "For, line 1"),
        ("def f():\n    for x in y:\n        z()", "For in f"),
        ("class A: pass", "ClassDef, line 1"),
    ],
)
def test_logic_is_found_out(code, told):
    assert problems(code) == [told]


@pytest.mark.real
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(real_snapshot, path, tmp_path, monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.setenv("GEOAPP_DATA", str(real_snapshot.path.parents[1]))
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    for nom in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(nom, str(tmp_path / nom.lower()))
    notebook = read(path)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=180,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    outputs = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert outputs and not [
        output
        for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
