"""What is marked for translation in modules and templates."""

from __future__ import annotations

import ast
import re

from django.utils.translation.template import templatize

_MARKS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
#: What Django makes of a template: calls of `gettext`, `ngettext` and `_` with literals.
_LITERAL = r"""(u?"(?:[^"\\]|\\.)*"|u?'(?:[^'\\]|\\.)*')"""
_CALL = re.compile(rf"\b(?:(?:gettext|_)\({_LITERAL}\)|ngettext\({_LITERAL},\s*{_LITERAL})")


def marked_in_code(text: str) -> list[tuple[str, ...]]:
    """Each string marked in a module, with its plural where it has one."""
    tree = ast.parse(text)
    names = {
        name.asname or name.name: name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name in _MARKS
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            forms = node.args[: 2 if names[node.func.id].startswith("n") else 1]
            found.append(tuple(ast.literal_eval(form) for form in forms))
    return found


def marked_in_template(text: str) -> list[tuple[str, ...]]:
    """The same of a template."""
    return [tuple(ast.literal_eval(part) for part in call if part) for call in _CALL.findall(templatize(text))]
