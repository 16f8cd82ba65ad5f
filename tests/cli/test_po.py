#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every message is in POTFILES' files and translated in every language."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def run(*argv):
    return subprocess.run(argv, cwd=SOURCE, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))


class Translations(unittest.TestCase):
    def words(self, name):
        with open(os.path.join(SOURCE, "po", name), encoding="utf-8") as file:
            return [l for l in file.read().split("\n") if l and not l.startswith("#")]

    def test_every_file_with_messages_is_listed(self):
        found = []
        for path in (path for folder in ("cli", "profiles")
                     for path in glob.glob(os.path.join(SOURCE, folder, "*.c"))):
            with open(path, encoding="utf-8") as file:
                if re.search(r'\b(_|N_|ngettext)\("', file.read()):
                    found.append(os.path.relpath(path, SOURCE))
        # what bondd says is translated by its clients
        found += ["core/names.c", "core/sentences.h"]
        self.assertEqual(sorted(self.words("POTFILES")), sorted(found))

    def test_every_sentence_is_in_the_table_that_clients_search(self):
        with open(os.path.join(SOURCE, "core", "sentences.h"), encoding="utf-8") as file:
            text, table = file.read().split("#define BOND_SENTENCES ")
        defined = re.findall(r"#define (BOND_(?:SAY|WARN)_\w+)", text)
        self.assertGreater(len(defined), 30)
        self.assertEqual(sorted(re.findall(r"BOND_(?:SAY|WARN)_\w+", table)), sorted(defined))

    def test_every_message_is_translated(self):
        languages = self.words("LINGUAS")
        self.assertIn("de", languages)
        with tempfile.TemporaryDirectory() as work:
            pot = os.path.join(work, "all.pot")
            made = run("xgettext", "-f", "po/POTFILES", "-o", pot, "--from-code=UTF-8",
                       "--keyword=_", "--keyword=N_", "--keyword=ngettext:1,2")
            self.assertEqual(made.returncode, 0, made.stderr)
            for language in languages:
                with self.subTest(language):
                    merged = os.path.join(work, language + ".po")
                    run("msgmerge", "-q", "-N", "-o", merged, f"po/{language}.po", pot)
                    checked = run("msgfmt", "--check", "--statistics", "-o", "/dev/null", merged)
                    self.assertEqual(checked.returncode, 0, checked.stderr)
                    self.assertRegex(checked.stderr, r"\A\d+ translated messages\.\n\Z")
                    missing = run("msgattrib", "--untranslated", "--no-obsolete", merged).stdout
                    self.assertEqual(missing, "")


if __name__ == "__main__":
    if not shutil.which("xgettext"):
        print("xgettext is not installed (package gettext)")
        sys.exit(77)
    unittest.main(verbosity=2)
