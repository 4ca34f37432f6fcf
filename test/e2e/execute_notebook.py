"""Runs a notebook top to bottom with nbclient: `execute_notebook.py FILE KERNEL`; the outputs of its code cells as JSON on stdout."""

import json
import os
import pathlib
import sys

import nbclient
import nbformat

# Kernels inherit the standard output, and what they print there would end up in the middle of the JSON.
result = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

path, kernel = pathlib.Path(sys.argv[1]), sys.argv[2]
notebook = nbformat.read(path, as_version=4)
client = nbclient.NotebookClient(
    notebook, kernel_name=kernel, timeout=240, resources={"metadata": {"path": str(path.parent)}}
)
failed = None
try:
    client.execute()
except nbclient.exceptions.CellExecutionError as error:
    failed = str(error)
cells = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
json.dump({"failed": failed, "cells": cells}, result)
result.flush()
