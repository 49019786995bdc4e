"""JSON pointers.

Source: RFC 6901.
"""


def pointed_at(tree: object, pointer: str) -> object:
    """What a pointer such as `/checks/0/name` points at; None where there is nothing."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(tree, dict):
            tree = tree.get(key)
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return None
    return tree
