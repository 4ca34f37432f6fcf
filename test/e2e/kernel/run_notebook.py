"""Executes a notebook with nbclient: cells as JSON on stdin, [{ code, tags }]; their outputs as JSON on stdout."""

import json
import sys

import nbclient
import nbformat

cells = json.load(sys.stdin)
notebook = nbformat.v4.new_notebook()
for cell in cells:
    notebook.cells.append(nbformat.v4.new_code_cell(cell["code"], metadata={"tags": cell.get("tags", [])}))
client = nbclient.NotebookClient(notebook, kernel_name="strobe", timeout=120)
failed = None
try:
    client.execute()
except nbclient.exceptions.CellExecutionError as error:
    failed = error.ename
json.dump({"failed": failed, "outputs": [cell.outputs for cell in notebook.cells]}, sys.stdout)
