# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of JSON Schema as our schemas use. A keyword that it does not know is an error, so that
a schema cannot promise what nobody checks. `closed`: keys that are not in the schema are errors too
(our own output must be documented in full)."""
import re

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "required", "properties",
         "additionalProperties", "items", "enum", "const", "pattern", "minimum", "maximum", "oneOf"}


def errors(value, schema, root=None, path="$", closed=True):
    """A list of sentences; empty: valid."""
    root = root or schema
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"{path}: keywords {unknown} are not implemented here")
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return errors(value, root["$defs"][name], root, path, closed)
    if "oneOf" in schema:
        tries = [errors(value, one, root, path, closed) for one in schema["oneOf"]]
        return [] if sum(not t for t in tries) == 1 else [f"{path}: {value!r} fits none: {tries}"]
    out = []
    types = schema.get("type")
    if types is not None:
        types = [types] if isinstance(types, str) else types
        if not any(TYPES[t](value) for t in types):
            return [f"{path}: {value!r} is no {' or '.join(types)}"]
    if "const" in schema and value != schema["const"]:
        out.append(f"{path}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        out.append(f"{path}: {value!r} is not one of {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        out.append(f"{path}: {value!r} does not match {schema['pattern']}")
    if TYPES["integer"](value):
        if value < schema.get("minimum", value):
            out.append(f"{path}: {value} is less than {schema['minimum']}")
        if value > schema.get("maximum", value):
            out.append(f"{path}: {value} is more than {schema['maximum']}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            out += errors(item, schema["items"], root, f"{path}[{i}]", closed)
    if isinstance(value, dict):
        out += object_errors(value, schema, root, path, closed)
    return out


def object_errors(value, schema, root, path, closed):
    out = [f"{path}: {key} is missing" for key in schema.get("required", []) if key not in value]
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for key, item in value.items():
        if key in properties:
            out += errors(item, properties[key], root, f"{path}.{key}", closed)
        elif isinstance(rest, dict):
            out += errors(item, rest, root, f"{path}.{key}", closed)
        elif closed:
            out.append(f"{path}: {key} is not in the schema")
    return out
