"""What the Snakefile imports: every job on a cluster reads it again, and must not pay for PyTorch."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib

import pytest

from places import ROOT, SCRIPTS

SLOW = (
    *("torch", "torchvision", "timm", "huggingface_hub", "safetensors"),
    *("numpy", "pandas", "matplotlib", "PIL", "scipy", "statsmodels"),
)
COMMON = ROOT / "workflow/rules/common.smk"
# As Python: the only lines of Snakemake's own are those of the constraints.
IMPORTS = [
    line for line in COMMON.read_text(encoding="utf-8").splitlines() if line.startswith("from ablation")
]


def test_the_snakefile_imports_by_lines_that_are_whole() -> None:
    text = (ROOT / "Snakefile").read_text(encoding="utf-8")
    rules = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")]
    assert "\n".join([text, *rules]).count("ablation.") == len(IMPORTS) > 5
    assert len(ast.parse("\n".join(IMPORTS)).body) == len(IMPORTS)


@pytest.mark.parametrize("module", SLOW)
def test_the_snakefile_does_not_pay_for(module: str) -> None:
    code = "\n".join(["import sys", *IMPORTS, f"sys.exit({module!r} in sys.modules)"])
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SCRIPTS)}, timeout=60)


def test_the_import_linter_knows_all_that_it_imports() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (one for one in settings["contracts"] if one["name"].startswith("What the Snakefile"))
    assert sorted(contract["forbidden_modules"]) == sorted(SLOW)
    sources = contract["source_modules"]
    for node in ast.parse("\n".join(IMPORTS)).body:
        assert isinstance(node, ast.ImportFrom)
        modules = [f"{node.module}.{name.name}" for name in node.names]
        assert all(any(f"{module}.".startswith(f"{source}.") for source in sources) for module in modules), (
            modules
        )
