"""Measures the kernel beside ipykernel and tslab, in turns, in one run: .venv/bin/python bench/kernel.py (after npm run build).

Each number is the median over rounds; every kernel is started anew in each round."""

import json
import os
import queue
import statistics
import sys
import tempfile
import time

from jupyter_client.manager import KernelManager

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
NODE = ["node", os.path.join(ROOT, "node_modules/tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"]
# The flag and the environment below are as in the kernelspec that is installed.
STROBE = ["node", "--max-semi-space-size=8", os.path.join(ROOT, "dist/src/cli/main.js"), "kernel", "start", "--connection-file", "{connection_file}"]

TS = {
    "trivial": "1 + 1",
    "use": "const shape = tf.tensor([1]).shape; shape.length",
    "import": "import * as tf from '@tensorflow/tfjs'; 1",
    "lines": "for (let i = 0; i < 20000; i++) console.log('line ' + i)",
    "spin": "for (;;) {}",
    "spin after an await": "await new Promise((r) => setTimeout(r, 50)); for (;;) {}",
    "pending await": "await new Promise(() => {})",
    "busy": "const until = Date.now() + 3000; while (Date.now() < until) {}",
}
KERNELS = {
    "strobe": {"argv": STROBE, "mode": "message", "cells": TS, "env": {"MALLOC_ARENA_MAX": "1"}},
    "tslab": {"argv": NODE, "mode": "signal", "cells": TS},
    "ipykernel": {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "mode": "signal",
        "cells": {
            "trivial": "1 + 1",
            "lines": "for i in range(20000): print('line', i)",
            "spin": "while True: pass",
            "pending await": "import asyncio; await asyncio.sleep(1000)",
            "busy": "import time; until = time.time() + 3\nwhile time.time() < until: pass",
        },
    },
}


def specs(folder):
    for name, kernel in KERNELS.items():
        place = os.path.join(folder, "kernels", f"bench-{name}")
        os.makedirs(place)
        spec = {"argv": kernel["argv"], "display_name": name, "language": "", "interrupt_mode": kernel["mode"]}
        spec["env"] = kernel.get("env", {})
        with open(os.path.join(place, "kernel.json"), "w") as file:
            json.dump(spec, file)


class Session:
    def __init__(self, name):
        self.cells = KERNELS[name]["cells"]
        begun = time.perf_counter()
        self.manager = KernelManager(kernel_name=f"bench-{name}")
        self.manager.start_kernel(cwd=ROOT, stdout=-3, stderr=-3)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.kernel_info()
        self.client.get_shell_msg(timeout=60)
        self.start = time.perf_counter() - begun
        self.client.wait_for_ready(timeout=60)

    def run(self, code, timeout=60):
        """Seconds until both reply and idle, and what was printed."""
        begun = time.perf_counter()
        text, messages = self.wait(self.client.execute(code), timeout)
        return time.perf_counter() - begun, text, messages

    def wait(self, ident, timeout=60):
        text, messages = [], 0
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != ident:
                continue
            if message["msg_type"] == "stream":
                messages += 1
                text.append(message["content"]["text"])
            if message["content"].get("execution_state") == "idle":
                break
        while self.client.get_shell_msg(timeout=timeout)["parent_header"].get("msg_id") != ident:
            pass
        return "".join(text), messages

    def lines(self):
        # A kernel that loses messages may lose the one that says it is idle, too.
        begun = time.perf_counter()
        text, messages, idle = [], 0, False
        ident = self.client.execute(self.cells["lines"])
        try:
            while not idle:
                message = self.client.get_iopub_msg(timeout=10)
                if message["parent_header"].get("msg_id") == ident and message["msg_type"] == "stream":
                    messages += 1
                    text.append(message["content"]["text"])
                idle = message["content"].get("execution_state") == "idle"
        except queue.Empty:
            pass
        seconds = time.perf_counter() - begun
        while self.client.get_shell_msg(timeout=10)["parent_header"].get("msg_id") != ident:
            pass
        arrived = len("".join(text).splitlines())
        return {
            "20,000 lines until idle (ms)": seconds * 1e3 if idle else None,
            "  lines that arrived": arrived,
            "  in messages": messages,
        }

    def interrupt(self, code):
        time.sleep(0.5)  # tslab drops what comes just after an error
        ident = self.client.execute(code)
        time.sleep(1)
        begun = time.perf_counter()
        self.manager.interrupt_kernel()
        self.wait(ident, timeout=5)
        return time.perf_counter() - begun

    def control(self):
        """The slowest of five replies on control while a cell computes."""
        ident = self.client.execute(self.cells["busy"])
        time.sleep(0.7)
        slowest = 0
        for _ in range(5):
            begun = time.perf_counter()
            self.client.control_channel.send(self.client.session.msg("kernel_info_request"))
            self.client.get_control_msg(timeout=10)
            slowest = max(slowest, time.perf_counter() - begun)
        self.wait(ident)
        return slowest

    def memory(self):
        with open(f"/proc/{self.manager.provisioner.pid}/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def measure(name):
    cells = KERNELS[name]["cells"]
    session = Session(name)
    row = {"start to kernel_info (ms)": session.start * 1e3}
    row["first cell (ms)"] = session.run(cells["trivial"])[0] * 1e3
    row["trivial cell, warm (ms)"] = statistics.median(session.run(cells["trivial"])[0] for _ in range(30)) * 1e3
    if "import" in cells:
        session.run(cells["import"])
        row["cell after importing tfjs (ms)"] = statistics.median(session.run(cells["trivial"])[0] for _ in range(20)) * 1e3
        row["cell that uses tfjs (ms)"] = statistics.median(session.run(cells["use"])[0] for _ in range(20)) * 1e3
    row.update(session.lines())
    attempts = {"control while a cell computes, slowest (ms)": session.control}
    for kind in ["spin", "spin after an await", "pending await"]:
        if kind in cells:
            attempts[f"interrupt: {kind} (ms)"] = lambda kind=kind: session.interrupt(cells[kind])
    for _ in range(100):
        session.run(cells["trivial"])
    row["memory after 100 cells (MiB)"] = session.memory()
    time.sleep(5)
    row["  five seconds later (MiB)"] = session.memory()
    for label, attempt in attempts.items():
        try:
            row[label] = attempt() * 1e3
        except Exception:
            row[label] = None
            session.manager.shutdown_kernel(now=True)
            session = Session(name)
    session.client.stop_channels()
    session.manager.shutdown_kernel(now=True)
    return row


def main():
    folder = tempfile.mkdtemp()
    specs(folder)
    os.environ["JUPYTER_PATH"] = folder
    os.environ["JUPYTER_DATA_DIR"] = os.path.join(folder, "data")
    os.environ["IPYTHONDIR"] = os.path.join(folder, "ipython")
    rows = {name: [] for name in KERNELS}
    for round_ in range(ROUNDS):
        for name in KERNELS:
            print(f"round {round_ + 1}: {name}", file=sys.stderr)
            rows[name].append(measure(name))
    labels = list(dict.fromkeys(label for many in rows.values() for row in many for label in row))
    print(f"| {'':42} | " + " | ".join(f"{name:>9}" for name in KERNELS) + " |")
    print(f"| {'-' * 42} | " + " | ".join("-" * 8 + ":" for _ in KERNELS) + " |")
    for label in labels:
        line = []
        for name in KERNELS:
            values = [row.get(label, "") for row in rows[name]]
            if any(value is None for value in values):
                line.append("never")
            elif any(value == "" for value in values):
                line.append("")
            else:
                value = statistics.median(values)
                line.append(f"{value:,.0f}" if value >= 10 else f"{value:.1f}")
        print(f"| {label:42} | " + " | ".join(f"{value:>9}" for value in line) + " |")


main()
