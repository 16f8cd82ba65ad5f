# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorder's looks in fewer bytes: a table of all lines, and for each look the lines that are
others than in the look before.

    = TEXT              a line; they count from 0
    script N
    ERRNO|A B C ...     a look: all its lines, by their numbers
    ERRNO|@3:17 @5:9    a look of as many lines as the one before, line 3 and line 5 are others
"""


def scripts(text):
    """The recorder's text as {number: [(errno, [line, ...]), ...]}."""
    found, look = {}, None
    for line in text.split("\n"):
        if line.startswith("script "):
            found[int(line.split()[1])] = looks = []
            look = None
        elif line.startswith("@ "):
            look = int(line[2:]), []
            looks.append(look)
        elif look:
            look[1].append(line)
    for looks in found.values():
        if looks[-1][1][-1] == "":
            looks[-1][1].pop()  # what follows the last line's end
    return found


def compact(found, title):
    numbers, out = {}, []
    for number, looks in sorted(found.items()):
        out.append(f"script {number}")
        last = []
        for errno, lines in looks:
            now = [numbers.setdefault(line, len(numbers)) for line in lines]
            if len(now) == len(last):
                words = [f"@{n}:{a}" for n, (a, b) in enumerate(zip(now, last)) if a != b]
            else:
                words = map(str, now)
            out.append(f"{errno}|{' '.join(words)}")
            last = now
    return "\n".join([title, *(f"= {line}" for line in numbers), *out, ""])
