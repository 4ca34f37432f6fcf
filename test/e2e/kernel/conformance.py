"""Jupyter's own tests of kernels (jupyter_kernel_test), on the kernel `strobe`."""

import unittest

import jupyter_kernel_test


class StrobeTests(jupyter_kernel_test.KernelTests):
    kernel_name = "strobe"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [
        {"text": "Math.cb", "matches": {"cbrt"}},
        {"text": "Number.isI", "matches": {"isInteger"}},
    ]
    complete_code_samples = ["1", "const x = 1;", "function f() { return 1; }"]
    incomplete_code_samples = ["function f() {", "[1, 2,", "`text"]
    invalid_code_samples = ["const = 1; f()"]
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2, 3].map((n) => n * n)", "result": "[ 1, 4, 9 ]"},
    ]
    code_display_data = [
        {"code": "display('plain')", "mime": "text/plain"},
        {
            "code": "display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>bold</b>' }) })",
            "mime": "text/html",
        },
    ]
    code_history_pattern = "1 ? 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.max"
    code_clear_output = "clearOutput()"

    # The pager is IPython's own idea: nothing in this kernel pages.


if __name__ == "__main__":
    unittest.main()
