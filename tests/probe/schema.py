"""Checks JSON against a JSON schema: the few keywords that tools/clinfo-probe/schema.json uses.

Invariant: a keyword that is not known here is an error of the schema, so that nothing in it is
silently not checked.
"""

import re

NOTES = {"$schema", "title", "description", "definitions"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def is_type(value, name):
    if name in ("integer", "number"):
        number = (int,) if name == "integer" else (int, float)
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check_object(value, schema, root, path):
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}: no member {name}"
    for name, member in value.items():
        below = properties.get(name, schema.get("additionalProperties", {}))
        if below is False:
            yield f"{path}: unknown member {name}"
        else:
            yield from check(member, below, root, f"{path}.{name}")


def check(value, schema, root, path="$"):
    """Yields what is wrong with `value`, one line each."""
    known = NOTES | {"$ref", "anyOf", "type", "const", "enum", "pattern", "minimum", "items",
                     "properties", "required", "additionalProperties"}
    for keyword in schema.keys() - known:
        yield f"schema of {path}: unknown keyword {keyword}"
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        yield from check(value, root["definitions"][name], root, path)
    if "anyOf" in schema:
        tries = [list(check(value, one, root, path)) for one in schema["anyOf"]]
        if all(tries):
            yield min(tries, key=len)[0]
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            yield f"{path}: {value!r} is not of type {' or '.join(names)}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not fit {schema['pattern']}"
    if "minimum" in schema and is_type(value, "number") and value < schema["minimum"]:
        yield f"{path}: {value!r} is below {schema['minimum']}"
    if isinstance(value, dict):
        yield from check_object(value, schema, root, path)
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from check(item, schema.get("items", {}), root, f"{path}[{i}]")
