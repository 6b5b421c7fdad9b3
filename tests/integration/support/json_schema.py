#!/usr/bin/env python3
# Holds each line of DOCUMENTS (JSON) against SCHEMA with python3-jsonschema, which knows nothing of our own validator;
# prints "valid" or "invalid" for each.
import json
import sys

import jsonschema

schema_file, documents_file = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
with open(documents_file, encoding="utf-8") as file:
    for line in file:
        print("valid" if validator.is_valid(json.loads(line)) else "invalid")
