#!/usr/bin/env python3
# Holds each line of DOCUMENTS (JSON) against SCHEMA with python3-jsonschema, which knows nothing of our own validator;
# prints "valid" or "invalid" for each.
import json
import sys

import jsonschema


def rename_id_properties(schema):
    """python3-jsonschema 4.10 takes a property that is called "$id" for a schema's own; a pattern says the same."""
    if isinstance(schema, list):
        return [rename_id_properties(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {key: rename_id_properties(value) for key, value in schema.items()}
    properties = renamed.get("properties")
    if isinstance(properties, dict) and "$id" in properties:
        renamed.setdefault("patternProperties", {})["^\\$id$"] = properties.pop("$id")
    return renamed


schema_file, documents_file = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = rename_id_properties(json.load(file))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
with open(documents_file, encoding="utf-8") as file:
    for line in file:
        print("valid" if validator.is_valid(json.loads(line)) else "invalid")
