# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorder's looks in fewer bytes: a table of all lines, and for each look the lines that are
others than in the look before.

    = TEXT              a line; they count from 0
    script N
    ERRNO|A B C ...     a look: all its lines, by their numbers
    ERRNO|@3:17 @5:9    a look of as many lines as the one before, line 3 and line 5 are others
"""


def looks(text):
    """("script", N) and (errno, [line, ...]) in turn."""
    look = None
    for line in text.split("\n"):
        if line.startswith(("script ", "@ ")):
            if look:
                yield look
            look = None
            if line.startswith("script "):
                yield "script", int(line.split()[1])
            else:
                look = int(line[2:]), []
        elif look:
            look[1].append(line)
    if look:
        look[1].pop()  # what follows the last line's end
        yield look


def compact(text, title):
    numbers, out, last = {}, [], []
    for what, value in looks(text):
        if what == "script":
            out.append(f"script {value}")
            last = []
            continue
        now = [numbers.setdefault(line, len(numbers)) for line in value]
        if len(now) == len(last):
            words = [f"@{n}:{a}" for n, (a, b) in enumerate(zip(now, last)) if a != b]
        else:
            words = map(str, now)
        out.append(f"{what}|{' '.join(words)}")
        last = now
    return "\n".join([title, *(f"= {line}" for line in numbers), *out, ""])
