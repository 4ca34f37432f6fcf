"""Uses the kernel in `jupyter console` as somebody at a terminal does; what the screen showed goes to stdout."""

import os
import sys

import pexpect

console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter", "console", "--kernel=strobe", "--simple-prompt"],
    env={**os.environ, "TERM": "dumb"},
    encoding="utf8",
    timeout=120,
    dimensions=(40, 120),
)
console.logfile_read = sys.stdout
console.expect(r"In \[1\]:")
console.sendline("const answer: number = 6 * 7")
console.expect(r"In \[2\]:")
console.sendline("answer")
console.expect(r"Out\[2\]: .*42")
console.expect(r"In \[3\]:")
console.sendline("const wrong: number = 'text'")
console.expect("not assignable")
console.expect(r"In \[4\]:")
console.sendline("await input('name? ')")
console.expect(r"name\? ")
console.sendline("Ada")
console.expect("'Ada'")
console.expect(r"In \[5\]:")
console.sendline("console.log('begun'); for (;;);")
console.expect(r"\nbegun")  # what it prints, not the line that was typed
console.sendintr()
console.expect("KeyboardInterrupt")
console.expect(r"In \[\d\]:")
console.sendline("exit")
console.expect(pexpect.EOF)
