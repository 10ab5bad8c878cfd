"""What the last run of the tests says of them, for the scripts that hold a list against it (attacks, edge-cases)."""
import collections
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
transcript = root / ".build/test-transcript.txt"


def passed(script):
    """The names of the tests that ran and passed."""
    if not transcript.exists():
        sys.exit(f"{script}: there is no {transcript.relative_to(root)}: run scripts/run-tests first")
    # With no test case at all nothing was tried.
    found = re.findall(r"Test (\w+)\(.*?\)(?: with [1-9]\d* test cases?)? passed", transcript.read_text(errors="replace"))
    return set(found)


def declared():
    """How often each function of the tests is declared: where two tests have one name, nobody misses one of them."""
    sources = (path.read_text() for path in (root / "Tests").rglob("*.swift"))
    return collections.Counter(name for source in sources for name in re.findall(r"\bfunc (\w+)", source))
