"""Runs the notebooks again and keeps what they show, with the project's kernel and the environment of the tests:

    npm run build && .venv/bin/python scripts/run-notebooks.py [01-first-run ...]

plotly.js stays in the first notebook only: it is 2 MB, and the pictures of the others are seen without it.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
LIBRARY = re.compile(r'<script>[^<]*?async function \(base64\).{0,2000}?\("[A-Za-z0-9+/=]{100000,}"\);</script>', re.S)


def run(path: pathlib.Path, keeps_library: bool) -> None:
    notebook = nbformat.read(path, as_version=4)
    started = time.time()
    NotebookClient(notebook, timeout=600, kernel_name="strobe", resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data and not keeps_library:
                data["text/html"] = LIBRARY.sub("", data["text/html"])
    nbformat.write(notebook, path)
    print(f"{path.name}: {time.time() - started:.0f} s, {path.stat().st_size // 1024} KB", flush=True)


with tempfile.TemporaryDirectory() as prefix:
    cli = ROOT / "dist/src/cli/main.js"
    subprocess.run(["node", cli, "kernel", "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    os.environ["JUPYTER_PATH"] = f"{prefix}/share/jupyter"
    wanted = sys.argv[1:]
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not wanted or path.stem in wanted:
            run(path, keeps_library=path.stem.startswith("01"))
