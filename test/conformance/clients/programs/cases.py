"""Runs one of a program's cases: PROGRAM CASE URL. A case is a function that takes the URL; it holds if it raises nothing."""

import sys


def run(cases):
    name, url = sys.argv[1:]
    cases[name](url)


def public(names):
    """The functions that a program defines, by name; those that begin with an underscore only help."""
    return {name: value for name, value in names.items() if callable(value) and getattr(value, "__module__", "") == "__main__" and not name.startswith("_")}


def refuses(work, *errors):
    """The error that `work` raises, which is one of these kinds."""
    try:
        work()
    except errors as error:
        return error
    raise AssertionError(f"nothing of {errors} was raised")
